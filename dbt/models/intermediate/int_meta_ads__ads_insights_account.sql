-- rendered from meta_ads, sha256 76cc103136adedfcc4df23d8de3bcef27f7979b1ab3d7c6bc257b4e760af53b1; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['account_id', 'date_start']) }}

{% if nothing_new(ref('stg_meta_ads__ads_insights_account')) %}
select * from {{ this }} where false
{% else %}
with history as (
    select * from {{ ref('stg_meta_ads__ads_insights_account') }}
),

touched as (
    select distinct account_id, date_start
    from {{ unseen(ref('stg_meta_ads__ads_insights_account')) }} as unseen_rows
),

rows_of_slice as (
    select history.*
    from history
    inner join touched
        on touched.account_id = history.account_id
        and touched.date_start = history.date_start
    where history.account_id is not null
        and history.date_start is not null
),

newest_sync as (
    select account_id, date_start, _sync_id
    from rows_of_slice
    group by account_id, date_start, _sync_id
    qualify row_number() over (
        partition by account_id, date_start
        order by max(_extracted_at) desc, _sync_id desc
    ) = 1
),

current_rows as (
    select rows_of_slice.*
    from rows_of_slice
    inner join newest_sync
        on rows_of_slice._sync_id = newest_sync._sync_id
        and rows_of_slice.account_id = newest_sync.account_id
        and rows_of_slice.date_start = newest_sync.date_start
),

final as (
    select
        account_id,
        account_name,
        account_currency,
        date_start,
        date_stop,
        spend,
        impressions,
        clicks,
        inline_link_clicks,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from current_rows
    qualify row_number() over (
        partition by account_id, date_start
        order by _extracted_at desc, _source_file desc, _source_row desc
    ) = 1
)

select * from final
{% endif %}
