-- rendered from google_ads, sha256 5af9936fdbc6d6a4d13a309d414d8d5f450baf59d3f21571f3f9c969428dfe68; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='slices', unique_key=['customer_id', 'segments_date']) }}

{% if nothing_new(ref('stg_google_ads__ad_performance')) %}
select * from {{ this }} where false
{% else %}
with delivered as (
    select
        customer_id,
        segments_date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        max(_load_seq) as load_seq
    from {{ ref('stg_google_ads__ad_performance') }}
    where customer_id is not null
        and segments_date is not null
        and ad_group_id is not null
        and ad_group_ad_ad_id is not null
        and segments_ad_network_type is not null
        and segments_device is not null
    group by customer_id, segments_date, _sync_id
),

-- What a sync spoke about: every day from the first to the last that it brought of an account.
syncs as (
    select
        customer_id,
        min(segments_date) as first_day,
        max(segments_date) as last_day,
        -- Beyond what the source restates, silence is no statement: a lone old day says nothing about those after it.
        {{ plus_days('max(segments_date)', -31) }} as silent_since,
        _sync_id,
        min(began_at) as began_at,
        max(load_seq) as load_seq
    from delivered
    group by customer_id, _sync_id
),

touched as (
    select distinct delivered.customer_id, delivered.segments_date
    from delivered
    inner join syncs
        on syncs.customer_id = delivered.customer_id
        and delivered.segments_date between syncs.first_day and syncs.last_day
    {% if is_incremental() %}
    where syncs.load_seq > {{ known_load_seq(this) }}
    {% endif %}
),

newest_sync as (
    select touched.customer_id, touched.segments_date, syncs._sync_id
    from touched
    inner join syncs
        on syncs.customer_id = touched.customer_id
        and touched.segments_date between syncs.first_day and syncs.last_day
    left join delivered
        on delivered.customer_id = touched.customer_id and delivered.segments_date = touched.segments_date
        and delivered._sync_id = syncs._sync_id
    where delivered._sync_id is not null or touched.segments_date >= syncs.silent_since
    qualify row_number() over (
        partition by touched.customer_id, touched.segments_date
        order by coalesce(delivered.read_at, syncs.began_at) desc, syncs._sync_id desc
    ) = 1
),

-- The history is read twice on purpose: a shared step would hold all its columns for all its rows.
current_rows as (
    select history.*
    from {{ ref('stg_google_ads__ad_performance') }} as history
    inner join newest_sync
        on history._sync_id = newest_sync._sync_id
        and history.customer_id = newest_sync.customer_id
        and history.segments_date = newest_sync.segments_date
    where history.customer_id is not null
        and history.segments_date is not null
        and history.ad_group_id is not null
        and history.ad_group_ad_ad_id is not null
        and history.segments_ad_network_type is not null
        and history.segments_device is not null
    qualify row_number() over (
        partition by history.customer_id, history.ad_group_id, history.ad_group_ad_ad_id, history.segments_date, history.segments_ad_network_type, history.segments_device
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

final as (
    select
        customer_id,
        customer_descriptive_name,
        customer_currency_code,
        customer_time_zone,
        campaign_id,
        campaign_name,
        campaign_status,
        ad_group_id,
        ad_group_name,
        ad_group_status,
        ad_group_ad_ad_id,
        ad_group_ad_ad_name,
        ad_group_ad_ad_type,
        ad_group_ad_status,
        segments_date,
        segments_ad_network_type,
        segments_device,
        metrics_clicks,
        metrics_impressions,
        metrics_cost_micros,
        metrics_conversions,
        metrics_conversions_value,
        metrics_view_through_conversions,
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
        newest_sync.customer_id,
        null as customer_descriptive_name,
        null as customer_currency_code,
        null as customer_time_zone,
        null as campaign_id,
        null as campaign_name,
        null as campaign_status,
        null as ad_group_id,
        null as ad_group_name,
        null as ad_group_status,
        null as ad_group_ad_ad_id,
        null as ad_group_ad_ad_name,
        null as ad_group_ad_ad_type,
        null as ad_group_ad_status,
        newest_sync.segments_date,
        null as segments_ad_network_type,
        null as segments_device,
        null as metrics_clicks,
        null as metrics_impressions,
        null as metrics_cost_micros,
        null as metrics_conversions,
        null as metrics_conversions_value,
        null as metrics_view_through_conversions,
        null as _sync_id,
        null as _extracted_at,
        null as _source_file,
        null as _source_row,
        null as _load_seq,
        null as _changes
    from newest_sync
    left join delivered
        on delivered.customer_id = newest_sync.customer_id and delivered.segments_date = newest_sync.segments_date
        and delivered._sync_id = newest_sync._sync_id
    where delivered._sync_id is null
    {% endif %}
)

select * from final
{% endif %}
