-- rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='slices', unique_key=['account_id', 'date_start']) }}

{% if nothing_new(ref('stg_meta_ads__ads_insights_account')) %}
select * from {{ this }} where false
{% else %}
with delivered as (
    select
        account_id,
        date_start,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        max(_load_seq) as load_seq
    from {{ ref('stg_meta_ads__ads_insights_account') }}
    where account_id is not null
        and date_start is not null
    group by account_id, date_start, _sync_id
),

-- What a sync spoke about: every day from the first to the last that it brought of an account.
syncs as (
    select
        account_id,
        min(date_start) as first_day,
        max(date_start) as last_day,
        -- Beyond what the source restates, silence is no statement: a lone old day says nothing about those after it.
        {{ plus_days('max(date_start)', -29) }} as silent_since,
        _sync_id,
        min(began_at) as began_at,
        max(load_seq) as load_seq
    from delivered
    group by account_id, _sync_id
),

touched as (
    select distinct delivered.account_id, delivered.date_start
    from delivered
    inner join syncs
        on syncs.account_id = delivered.account_id
        and delivered.date_start between syncs.first_day and syncs.last_day
    {% if is_incremental() %}
    where syncs.load_seq > {{ known_load_seq(this) }}
    {% endif %}
),

newest_sync as (
    select touched.account_id, touched.date_start, syncs._sync_id
    from touched
    inner join syncs
        on syncs.account_id = touched.account_id
        and touched.date_start between syncs.first_day and syncs.last_day
    left join delivered
        on delivered.account_id = touched.account_id and delivered.date_start = touched.date_start
        and delivered._sync_id = syncs._sync_id
    where delivered._sync_id is not null or touched.date_start >= syncs.silent_since
    qualify row_number() over (
        partition by touched.account_id, touched.date_start
        order by coalesce(delivered.read_at, syncs.began_at) desc, syncs._sync_id desc
    ) = 1
),

-- The history is read twice on purpose: a shared step would hold all its columns for all its rows.
current_rows as (
    select history.*
    from {{ ref('stg_meta_ads__ads_insights_account') }} as history
    inner join newest_sync
        on history._sync_id = newest_sync._sync_id
        and history.account_id = newest_sync.account_id
        and history.date_start = newest_sync.date_start
    where history.account_id is not null
        and history.date_start is not null
    qualify row_number() over (
        partition by history.account_id, history.date_start
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
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
    {% if is_incremental() %}
    union all
    -- A slice that its newest sync emptied: a row of nothing but the slice, which the strategy does not insert.
    select
        newest_sync.account_id,
        null as account_name,
        null as account_currency,
        newest_sync.date_start,
        null as date_stop,
        null as spend,
        null as impressions,
        null as clicks,
        null as inline_link_clicks,
        null as _sync_id,
        null as _extracted_at,
        null as _source_file,
        null as _source_row,
        null as _load_seq,
        null as _changes
    from newest_sync
    left join delivered
        on delivered.account_id = newest_sync.account_id and delivered.date_start = newest_sync.date_start
        and delivered._sync_id = newest_sync._sync_id
    where delivered._sync_id is null
    {% endif %}
)

select * from final
{% endif %}
