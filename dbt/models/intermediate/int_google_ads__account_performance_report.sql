-- rendered from google_ads, sha256 930b17aeac628b9e98a43190ae9d3c95a389e05d3ed5e14ac1a936f3bb40b1a6; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['customer_id', 'segments_date']) }}

{% if nothing_new(ref('stg_google_ads__account_performance_report')) %}
select * from {{ this }} where false
{% else %}
with history as (
    select * from {{ ref('stg_google_ads__account_performance_report') }}
),

touched as (
    select distinct customer_id, segments_date
    from {{ unseen(ref('stg_google_ads__account_performance_report')) }} as unseen_rows
),

rows_of_slice as (
    select history.*
    from history
    inner join touched
        on touched.customer_id = history.customer_id
        and touched.segments_date = history.segments_date
    where history.customer_id is not null
        and history.segments_date is not null
        and history.segments_ad_network_type is not null
        and history.segments_device is not null
),

newest_sync as (
    select customer_id, segments_date, _sync_id
    from rows_of_slice
    group by customer_id, segments_date, _sync_id
    qualify row_number() over (
        partition by customer_id, segments_date
        order by max(_extracted_at) desc, _sync_id desc
    ) = 1
),

current_rows as (
    select rows_of_slice.*
    from rows_of_slice
    inner join newest_sync
        on rows_of_slice._sync_id = newest_sync._sync_id
        and rows_of_slice.customer_id = newest_sync.customer_id
        and rows_of_slice.segments_date = newest_sync.segments_date
),

final as (
    select
        customer_id,
        customer_descriptive_name,
        customer_currency_code,
        customer_time_zone,
        segments_date,
        segments_ad_network_type,
        segments_device,
        metrics_clicks,
        metrics_impressions,
        metrics_cost_micros,
        metrics_conversions,
        metrics_conversions_value,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from current_rows
    qualify row_number() over (
        partition by customer_id, segments_date, segments_ad_network_type, segments_device
        order by _extracted_at desc, _source_file desc, _source_row desc
    ) = 1
)

select * from final
{% endif %}
