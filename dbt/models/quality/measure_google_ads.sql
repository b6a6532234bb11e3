-- rendered from google_ads, sha256 5af9936fdbc6d6a4d13a309d414d8d5f450baf59d3f21571f3f9c969428dfe68; change the declaration, then run `plumbline render`
{% if nothing_to_measure('google_ads') %}
select * from {{ this }} where false
{% else %}
{%- set told_from = first_day_to_tell('google_ads', 31) %}
with ledger as (
    select
        window_start,
        window_end,
        stream,
        sync_id,
        load_seq,
        "rows" as object_rows
    from {{ source('plumbline', 'load_ledger') }}
    where source = 'google_ads'
),

pending as (
    {{ windows_to_measure('google_ads') }}
),

batches as (
    select
        ledger.stream,
        pending.window_start,
        pending.window_end,
        ledger.sync_id,
        sum(ledger.object_rows) as sync_rows
    from ledger
    inner join pending on ledger.window_start = pending.window_start and ledger.window_end = pending.window_end
    group by ledger.stream, pending.window_start, pending.window_end, ledger.sync_id
    qualify row_number() over (
        partition by ledger.stream, pending.window_start, pending.window_end
        order by max(ledger.load_seq) desc, ledger.sync_id desc
    ) = 1
),

ad_performance_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('google_ads', 'ad_performance') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_performance'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

ad_performance_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('google_ads', 'ad_performance') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_performance'
    group by batches.window_start, batches.window_end
),

ad_performance_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from ad_performance_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

ad_performance_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.customer_id as varchar) || '|' || cast(typed.ad_group_id as varchar) || '|' || cast(typed.ad_group_ad_ad_id as varchar) || '|' || cast(typed.segments_date as varchar) || '|' || cast(typed.segments_ad_network_type as varchar) || '|' || cast(typed.segments_device as varchar)) as "distinct_keys",
        sum(case when typed.customer_id is null or typed.ad_group_id is null or typed.ad_group_ad_ad_id is null or typed.segments_date is null or typed.segments_ad_network_type is null or typed.segments_device is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.customer_id) as "nulls:customer.id",
        count(*) - count(typed.customer_descriptive_name) as "nulls:customer.descriptive_name",
        count(*) - count(typed.customer_currency_code) as "nulls:customer.currency_code",
        count(*) - count(typed.customer_time_zone) as "nulls:customer.time_zone",
        count(*) - count(typed.campaign_id) as "nulls:campaign.id",
        count(*) - count(typed.campaign_name) as "nulls:campaign.name",
        count(*) - count(typed.campaign_status) as "nulls:campaign.status",
        count(*) - count(typed.ad_group_id) as "nulls:ad_group.id",
        count(*) - count(typed.ad_group_name) as "nulls:ad_group.name",
        count(*) - count(typed.ad_group_status) as "nulls:ad_group.status",
        count(*) - count(typed.ad_group_ad_ad_id) as "nulls:ad_group_ad.ad.id",
        count(*) - count(typed.ad_group_ad_ad_name) as "nulls:ad_group_ad.ad.name",
        count(*) - count(typed.ad_group_ad_ad_type) as "nulls:ad_group_ad.ad.type",
        count(*) - count(typed.ad_group_ad_status) as "nulls:ad_group_ad.status",
        count(*) - count(typed.segments_date) as "nulls:segments.date",
        count(*) - count(typed.segments_ad_network_type) as "nulls:segments.ad_network_type",
        count(*) - count(typed.segments_device) as "nulls:segments.device",
        count(*) - count(typed.metrics_clicks) as "nulls:metrics.clicks",
        count(*) - count(typed.metrics_impressions) as "nulls:metrics.impressions",
        count(*) - count(typed.metrics_cost_micros) as "nulls:metrics.cost_micros",
        count(*) - count(typed.metrics_conversions) as "nulls:metrics.conversions",
        count(*) - count(typed.metrics_conversions_value) as "nulls:metrics.conversions_value",
        count(*) - count(typed.metrics_view_through_conversions) as "nulls:metrics.view_through_conversions"
    from {{ ref('stg_google_ads__ad_performance') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ad_performance'
    group by batches.window_start, batches.window_end
),

ad_performance_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.customer_id is null and {{ payload_holds('delivered._airbyte_data', ['customer.id']) }} then 1 else 0 end) as "uncastable:customer.id",
        sum(case when typed.campaign_id is null and {{ payload_holds('delivered._airbyte_data', ['campaign.id']) }} then 1 else 0 end) as "uncastable:campaign.id",
        sum(case when typed.ad_group_id is null and {{ payload_holds('delivered._airbyte_data', ['ad_group.id']) }} then 1 else 0 end) as "uncastable:ad_group.id",
        sum(case when typed.ad_group_ad_ad_id is null and {{ payload_holds('delivered._airbyte_data', ['ad_group_ad.ad.id']) }} then 1 else 0 end) as "uncastable:ad_group_ad.ad.id",
        sum(case when typed.segments_date is null and {{ payload_holds('delivered._airbyte_data', ['segments.date']) }} then 1 else 0 end) as "uncastable:segments.date",
        sum(case when typed.metrics_clicks is null and {{ payload_holds('delivered._airbyte_data', ['metrics.clicks']) }} then 1 else 0 end) as "uncastable:metrics.clicks",
        sum(case when typed.metrics_impressions is null and {{ payload_holds('delivered._airbyte_data', ['metrics.impressions']) }} then 1 else 0 end) as "uncastable:metrics.impressions",
        sum(case when typed.metrics_cost_micros is null and {{ payload_holds('delivered._airbyte_data', ['metrics.cost_micros']) }} then 1 else 0 end) as "uncastable:metrics.cost_micros",
        sum(case when typed.metrics_conversions is null and {{ payload_holds('delivered._airbyte_data', ['metrics.conversions']) }} then 1 else 0 end) as "uncastable:metrics.conversions",
        sum(case when typed.metrics_conversions_value is null and {{ payload_holds('delivered._airbyte_data', ['metrics.conversions_value']) }} then 1 else 0 end) as "uncastable:metrics.conversions_value",
        sum(case when typed.metrics_view_through_conversions is null and {{ payload_holds('delivered._airbyte_data', ['metrics.view_through_conversions']) }} then 1 else 0 end) as "uncastable:metrics.view_through_conversions"
    from {{ ref('stg_google_ads__ad_performance') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ad_performance'
    inner join {{ source('google_ads', 'ad_performance') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.customer_id is null
        or typed.campaign_id is null
        or typed.ad_group_id is null
        or typed.ad_group_ad_ad_id is null
        or typed.segments_date is null
        or typed.metrics_clicks is null
        or typed.metrics_impressions is null
        or typed.metrics_cost_micros is null
        or typed.metrics_conversions is null
        or typed.metrics_conversions_value is null
        or typed.metrics_view_through_conversions is null
    group by batches.window_start, batches.window_end
),

ad_performance_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:customer.id" as decimal(38, 6)) as "nulls:customer.id",
        cast(counted."nulls:customer.descriptive_name" as decimal(38, 6)) as "nulls:customer.descriptive_name",
        cast(counted."nulls:customer.currency_code" as decimal(38, 6)) as "nulls:customer.currency_code",
        cast(counted."nulls:customer.time_zone" as decimal(38, 6)) as "nulls:customer.time_zone",
        cast(counted."nulls:campaign.id" as decimal(38, 6)) as "nulls:campaign.id",
        cast(counted."nulls:campaign.name" as decimal(38, 6)) as "nulls:campaign.name",
        cast(counted."nulls:campaign.status" as decimal(38, 6)) as "nulls:campaign.status",
        cast(counted."nulls:ad_group.id" as decimal(38, 6)) as "nulls:ad_group.id",
        cast(counted."nulls:ad_group.name" as decimal(38, 6)) as "nulls:ad_group.name",
        cast(counted."nulls:ad_group.status" as decimal(38, 6)) as "nulls:ad_group.status",
        cast(counted."nulls:ad_group_ad.ad.id" as decimal(38, 6)) as "nulls:ad_group_ad.ad.id",
        cast(counted."nulls:ad_group_ad.ad.name" as decimal(38, 6)) as "nulls:ad_group_ad.ad.name",
        cast(counted."nulls:ad_group_ad.ad.type" as decimal(38, 6)) as "nulls:ad_group_ad.ad.type",
        cast(counted."nulls:ad_group_ad.status" as decimal(38, 6)) as "nulls:ad_group_ad.status",
        cast(counted."nulls:segments.date" as decimal(38, 6)) as "nulls:segments.date",
        cast(counted."nulls:segments.ad_network_type" as decimal(38, 6)) as "nulls:segments.ad_network_type",
        cast(counted."nulls:segments.device" as decimal(38, 6)) as "nulls:segments.device",
        cast(counted."nulls:metrics.clicks" as decimal(38, 6)) as "nulls:metrics.clicks",
        cast(counted."nulls:metrics.impressions" as decimal(38, 6)) as "nulls:metrics.impressions",
        cast(counted."nulls:metrics.cost_micros" as decimal(38, 6)) as "nulls:metrics.cost_micros",
        cast(counted."nulls:metrics.conversions" as decimal(38, 6)) as "nulls:metrics.conversions",
        cast(counted."nulls:metrics.conversions_value" as decimal(38, 6)) as "nulls:metrics.conversions_value",
        cast(counted."nulls:metrics.view_through_conversions" as decimal(38, 6)) as "nulls:metrics.view_through_conversions",
        cast(uncastable."uncastable:customer.id" as decimal(38, 6)) as "uncastable:customer.id",
        cast(uncastable."uncastable:campaign.id" as decimal(38, 6)) as "uncastable:campaign.id",
        cast(uncastable."uncastable:ad_group.id" as decimal(38, 6)) as "uncastable:ad_group.id",
        cast(uncastable."uncastable:ad_group_ad.ad.id" as decimal(38, 6)) as "uncastable:ad_group_ad.ad.id",
        cast(uncastable."uncastable:segments.date" as decimal(38, 6)) as "uncastable:segments.date",
        cast(uncastable."uncastable:metrics.clicks" as decimal(38, 6)) as "uncastable:metrics.clicks",
        cast(uncastable."uncastable:metrics.impressions" as decimal(38, 6)) as "uncastable:metrics.impressions",
        cast(uncastable."uncastable:metrics.cost_micros" as decimal(38, 6)) as "uncastable:metrics.cost_micros",
        cast(uncastable."uncastable:metrics.conversions" as decimal(38, 6)) as "uncastable:metrics.conversions",
        cast(uncastable."uncastable:metrics.conversions_value" as decimal(38, 6)) as "uncastable:metrics.conversions_value",
        cast(uncastable."uncastable:metrics.view_through_conversions" as decimal(38, 6)) as "uncastable:metrics.view_through_conversions"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'ad_performance'
    left join ad_performance_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join ad_performance_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join ad_performance_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join ad_performance_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

ad_performance_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from ad_performance_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:customer.id",
        "nulls:customer.descriptive_name",
        "nulls:customer.currency_code",
        "nulls:customer.time_zone",
        "nulls:campaign.id",
        "nulls:campaign.name",
        "nulls:campaign.status",
        "nulls:ad_group.id",
        "nulls:ad_group.name",
        "nulls:ad_group.status",
        "nulls:ad_group_ad.ad.id",
        "nulls:ad_group_ad.ad.name",
        "nulls:ad_group_ad.ad.type",
        "nulls:ad_group_ad.status",
        "nulls:segments.date",
        "nulls:segments.ad_network_type",
        "nulls:segments.device",
        "nulls:metrics.clicks",
        "nulls:metrics.impressions",
        "nulls:metrics.cost_micros",
        "nulls:metrics.conversions",
        "nulls:metrics.conversions_value",
        "nulls:metrics.view_through_conversions",
        "uncastable:customer.id",
        "uncastable:campaign.id",
        "uncastable:ad_group.id",
        "uncastable:ad_group_ad.ad.id",
        "uncastable:segments.date",
        "uncastable:metrics.clicks",
        "uncastable:metrics.impressions",
        "uncastable:metrics.cost_micros",
        "uncastable:metrics.conversions",
        "uncastable:metrics.conversions_value",
        "uncastable:metrics.view_through_conversions"
    ))
),

ad_performance_keys as (
    {{ key_counts('ad_performance_raw') }}
),

ad_performance_declared as (
    select key_name from (values ('customer.id'), ('customer.descriptive_name'), ('customer.currency_code'), ('customer.time_zone'), ('campaign.id'), ('campaign.name'), ('campaign.status'), ('ad_group.id'), ('ad_group.name'), ('ad_group.status'), ('ad_group_ad.ad.id'), ('ad_group_ad.ad.name'), ('ad_group_ad.ad.type'), ('ad_group_ad.status'), ('segments.date'), ('segments.ad_network_type'), ('segments.device'), ('metrics.clicks'), ('metrics.impressions'), ('metrics.cost_micros'), ('metrics.conversions'), ('metrics.conversions_value'), ('metrics.view_through_conversions')) as declared (key_name)
),

ad_performance_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join ad_performance_declared as declared
    left join ad_performance_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from ad_performance_keys
    where payload_key not in (select key_name from ad_performance_declared)
),

ad_performance_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('google_ads', 'ad_performance') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_performance'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

ad_performance_nulled as (
    {{ nulled_counts('ad_performance_changes') }}
),

ad_performance_measured as (
    select window_start, window_end, 'ad_performance' as model, sync_id, metric, field, value
    from ad_performance_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'ad_performance' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from ad_performance_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from ad_performance_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'ad_performance'
),

campaign_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('google_ads', 'campaign') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'campaign'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

campaign_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('google_ads', 'campaign') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'campaign'
    group by batches.window_start, batches.window_end
),

campaign_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from campaign_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

campaign_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.customer_id as varchar) || '|' || cast(typed.campaign_id as varchar) || '|' || cast(typed.segments_date as varchar) || '|' || cast(typed.segments_hour as varchar) || '|' || cast(typed.segments_ad_network_type as varchar)) as "distinct_keys",
        sum(case when typed.customer_id is null or typed.campaign_id is null or typed.segments_date is null or typed.segments_hour is null or typed.segments_ad_network_type is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.customer_id) as "nulls:customer.id",
        count(*) - count(typed.campaign_id) as "nulls:campaign.id",
        count(*) - count(typed.campaign_name) as "nulls:campaign.name",
        count(*) - count(typed.campaign_status) as "nulls:campaign.status",
        count(*) - count(typed.campaign_resource_name) as "nulls:campaign.resource_name",
        count(*) - count(typed.campaign_advertising_channel_type) as "nulls:campaign.advertising_channel_type",
        count(*) - count(typed.campaign_start_date_time) as "nulls:campaign.start_date_time",
        count(*) - count(typed.campaign_end_date_time) as "nulls:campaign.end_date_time",
        count(*) - count(typed.campaign_budget_amount_micros) as "nulls:campaign_budget.amount_micros",
        count(*) - count(typed.segments_date) as "nulls:segments.date",
        count(*) - count(typed.segments_hour) as "nulls:segments.hour",
        count(*) - count(typed.segments_ad_network_type) as "nulls:segments.ad_network_type",
        count(*) - count(typed.metrics_clicks) as "nulls:metrics.clicks",
        count(*) - count(typed.metrics_impressions) as "nulls:metrics.impressions",
        count(*) - count(typed.metrics_cost_micros) as "nulls:metrics.cost_micros",
        count(*) - count(typed.metrics_conversions) as "nulls:metrics.conversions",
        count(*) - count(typed.metrics_conversions_value) as "nulls:metrics.conversions_value"
    from {{ ref('stg_google_ads__campaign') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'campaign'
    group by batches.window_start, batches.window_end
),

campaign_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.customer_id is null and {{ payload_holds('delivered._airbyte_data', ['customer.id']) }} then 1 else 0 end) as "uncastable:customer.id",
        sum(case when typed.campaign_id is null and {{ payload_holds('delivered._airbyte_data', ['campaign.id']) }} then 1 else 0 end) as "uncastable:campaign.id",
        sum(case when typed.campaign_budget_amount_micros is null and {{ payload_holds('delivered._airbyte_data', ['campaign_budget.amount_micros']) }} then 1 else 0 end) as "uncastable:campaign_budget.amount_micros",
        sum(case when typed.segments_date is null and {{ payload_holds('delivered._airbyte_data', ['segments.date']) }} then 1 else 0 end) as "uncastable:segments.date",
        sum(case when typed.segments_hour is null and {{ payload_holds('delivered._airbyte_data', ['segments.hour']) }} then 1 else 0 end) as "uncastable:segments.hour",
        sum(case when typed.metrics_clicks is null and {{ payload_holds('delivered._airbyte_data', ['metrics.clicks']) }} then 1 else 0 end) as "uncastable:metrics.clicks",
        sum(case when typed.metrics_impressions is null and {{ payload_holds('delivered._airbyte_data', ['metrics.impressions']) }} then 1 else 0 end) as "uncastable:metrics.impressions",
        sum(case when typed.metrics_cost_micros is null and {{ payload_holds('delivered._airbyte_data', ['metrics.cost_micros']) }} then 1 else 0 end) as "uncastable:metrics.cost_micros",
        sum(case when typed.metrics_conversions is null and {{ payload_holds('delivered._airbyte_data', ['metrics.conversions']) }} then 1 else 0 end) as "uncastable:metrics.conversions",
        sum(case when typed.metrics_conversions_value is null and {{ payload_holds('delivered._airbyte_data', ['metrics.conversions_value']) }} then 1 else 0 end) as "uncastable:metrics.conversions_value"
    from {{ ref('stg_google_ads__campaign') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'campaign'
    inner join {{ source('google_ads', 'campaign') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.customer_id is null
        or typed.campaign_id is null
        or typed.campaign_budget_amount_micros is null
        or typed.segments_date is null
        or typed.segments_hour is null
        or typed.metrics_clicks is null
        or typed.metrics_impressions is null
        or typed.metrics_cost_micros is null
        or typed.metrics_conversions is null
        or typed.metrics_conversions_value is null
    group by batches.window_start, batches.window_end
),

campaign_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:customer.id" as decimal(38, 6)) as "nulls:customer.id",
        cast(counted."nulls:campaign.id" as decimal(38, 6)) as "nulls:campaign.id",
        cast(counted."nulls:campaign.name" as decimal(38, 6)) as "nulls:campaign.name",
        cast(counted."nulls:campaign.status" as decimal(38, 6)) as "nulls:campaign.status",
        cast(counted."nulls:campaign.resource_name" as decimal(38, 6)) as "nulls:campaign.resource_name",
        cast(counted."nulls:campaign.advertising_channel_type" as decimal(38, 6)) as "nulls:campaign.advertising_channel_type",
        cast(counted."nulls:campaign.start_date_time" as decimal(38, 6)) as "nulls:campaign.start_date_time",
        cast(counted."nulls:campaign.end_date_time" as decimal(38, 6)) as "nulls:campaign.end_date_time",
        cast(counted."nulls:campaign_budget.amount_micros" as decimal(38, 6)) as "nulls:campaign_budget.amount_micros",
        cast(counted."nulls:segments.date" as decimal(38, 6)) as "nulls:segments.date",
        cast(counted."nulls:segments.hour" as decimal(38, 6)) as "nulls:segments.hour",
        cast(counted."nulls:segments.ad_network_type" as decimal(38, 6)) as "nulls:segments.ad_network_type",
        cast(counted."nulls:metrics.clicks" as decimal(38, 6)) as "nulls:metrics.clicks",
        cast(counted."nulls:metrics.impressions" as decimal(38, 6)) as "nulls:metrics.impressions",
        cast(counted."nulls:metrics.cost_micros" as decimal(38, 6)) as "nulls:metrics.cost_micros",
        cast(counted."nulls:metrics.conversions" as decimal(38, 6)) as "nulls:metrics.conversions",
        cast(counted."nulls:metrics.conversions_value" as decimal(38, 6)) as "nulls:metrics.conversions_value",
        cast(uncastable."uncastable:customer.id" as decimal(38, 6)) as "uncastable:customer.id",
        cast(uncastable."uncastable:campaign.id" as decimal(38, 6)) as "uncastable:campaign.id",
        cast(uncastable."uncastable:campaign_budget.amount_micros" as decimal(38, 6)) as "uncastable:campaign_budget.amount_micros",
        cast(uncastable."uncastable:segments.date" as decimal(38, 6)) as "uncastable:segments.date",
        cast(uncastable."uncastable:segments.hour" as decimal(38, 6)) as "uncastable:segments.hour",
        cast(uncastable."uncastable:metrics.clicks" as decimal(38, 6)) as "uncastable:metrics.clicks",
        cast(uncastable."uncastable:metrics.impressions" as decimal(38, 6)) as "uncastable:metrics.impressions",
        cast(uncastable."uncastable:metrics.cost_micros" as decimal(38, 6)) as "uncastable:metrics.cost_micros",
        cast(uncastable."uncastable:metrics.conversions" as decimal(38, 6)) as "uncastable:metrics.conversions",
        cast(uncastable."uncastable:metrics.conversions_value" as decimal(38, 6)) as "uncastable:metrics.conversions_value"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'campaign'
    left join campaign_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join campaign_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join campaign_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join campaign_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

campaign_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from campaign_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:customer.id",
        "nulls:campaign.id",
        "nulls:campaign.name",
        "nulls:campaign.status",
        "nulls:campaign.resource_name",
        "nulls:campaign.advertising_channel_type",
        "nulls:campaign.start_date_time",
        "nulls:campaign.end_date_time",
        "nulls:campaign_budget.amount_micros",
        "nulls:segments.date",
        "nulls:segments.hour",
        "nulls:segments.ad_network_type",
        "nulls:metrics.clicks",
        "nulls:metrics.impressions",
        "nulls:metrics.cost_micros",
        "nulls:metrics.conversions",
        "nulls:metrics.conversions_value",
        "uncastable:customer.id",
        "uncastable:campaign.id",
        "uncastable:campaign_budget.amount_micros",
        "uncastable:segments.date",
        "uncastable:segments.hour",
        "uncastable:metrics.clicks",
        "uncastable:metrics.impressions",
        "uncastable:metrics.cost_micros",
        "uncastable:metrics.conversions",
        "uncastable:metrics.conversions_value"
    ))
),

campaign_keys as (
    {{ key_counts('campaign_raw') }}
),

campaign_declared as (
    select key_name from (values ('customer.id'), ('campaign.id'), ('campaign.name'), ('campaign.status'), ('campaign.resource_name'), ('campaign.advertising_channel_type'), ('campaign.start_date_time'), ('campaign.end_date_time'), ('campaign_budget.amount_micros'), ('segments.date'), ('segments.hour'), ('segments.ad_network_type'), ('metrics.clicks'), ('metrics.impressions'), ('metrics.cost_micros'), ('metrics.conversions'), ('metrics.conversions_value')) as declared (key_name)
),

campaign_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join campaign_declared as declared
    left join campaign_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from campaign_keys
    where payload_key not in (select key_name from campaign_declared)
),

campaign_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('google_ads', 'campaign') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'campaign'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

campaign_nulled as (
    {{ nulled_counts('campaign_changes') }}
),

campaign_measured as (
    select window_start, window_end, 'campaign' as model, sync_id, metric, field, value
    from campaign_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'campaign' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from campaign_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from campaign_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'campaign'
),

account_performance_report_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('google_ads', 'account_performance_report') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'account_performance_report'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

account_performance_report_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('google_ads', 'account_performance_report') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'account_performance_report'
    group by batches.window_start, batches.window_end
),

account_performance_report_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from account_performance_report_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

account_performance_report_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.customer_id as varchar) || '|' || cast(typed.segments_date as varchar) || '|' || cast(typed.segments_ad_network_type as varchar) || '|' || cast(typed.segments_device as varchar)) as "distinct_keys",
        sum(case when typed.customer_id is null or typed.segments_date is null or typed.segments_ad_network_type is null or typed.segments_device is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.customer_id) as "nulls:customer.id",
        count(*) - count(typed.customer_descriptive_name) as "nulls:customer.descriptive_name",
        count(*) - count(typed.customer_currency_code) as "nulls:customer.currency_code",
        count(*) - count(typed.customer_time_zone) as "nulls:customer.time_zone",
        count(*) - count(typed.segments_date) as "nulls:segments.date",
        count(*) - count(typed.segments_ad_network_type) as "nulls:segments.ad_network_type",
        count(*) - count(typed.segments_device) as "nulls:segments.device",
        count(*) - count(typed.metrics_clicks) as "nulls:metrics.clicks",
        count(*) - count(typed.metrics_impressions) as "nulls:metrics.impressions",
        count(*) - count(typed.metrics_cost_micros) as "nulls:metrics.cost_micros",
        count(*) - count(typed.metrics_conversions) as "nulls:metrics.conversions",
        count(*) - count(typed.metrics_conversions_value) as "nulls:metrics.conversions_value"
    from {{ ref('stg_google_ads__account_performance_report') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'account_performance_report'
    group by batches.window_start, batches.window_end
),

account_performance_report_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.customer_id is null and {{ payload_holds('delivered._airbyte_data', ['customer.id']) }} then 1 else 0 end) as "uncastable:customer.id",
        sum(case when typed.segments_date is null and {{ payload_holds('delivered._airbyte_data', ['segments.date']) }} then 1 else 0 end) as "uncastable:segments.date",
        sum(case when typed.metrics_clicks is null and {{ payload_holds('delivered._airbyte_data', ['metrics.clicks']) }} then 1 else 0 end) as "uncastable:metrics.clicks",
        sum(case when typed.metrics_impressions is null and {{ payload_holds('delivered._airbyte_data', ['metrics.impressions']) }} then 1 else 0 end) as "uncastable:metrics.impressions",
        sum(case when typed.metrics_cost_micros is null and {{ payload_holds('delivered._airbyte_data', ['metrics.cost_micros']) }} then 1 else 0 end) as "uncastable:metrics.cost_micros",
        sum(case when typed.metrics_conversions is null and {{ payload_holds('delivered._airbyte_data', ['metrics.conversions']) }} then 1 else 0 end) as "uncastable:metrics.conversions",
        sum(case when typed.metrics_conversions_value is null and {{ payload_holds('delivered._airbyte_data', ['metrics.conversions_value']) }} then 1 else 0 end) as "uncastable:metrics.conversions_value"
    from {{ ref('stg_google_ads__account_performance_report') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'account_performance_report'
    inner join {{ source('google_ads', 'account_performance_report') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.customer_id is null
        or typed.segments_date is null
        or typed.metrics_clicks is null
        or typed.metrics_impressions is null
        or typed.metrics_cost_micros is null
        or typed.metrics_conversions is null
        or typed.metrics_conversions_value is null
    group by batches.window_start, batches.window_end
),

account_performance_report_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:customer.id" as decimal(38, 6)) as "nulls:customer.id",
        cast(counted."nulls:customer.descriptive_name" as decimal(38, 6)) as "nulls:customer.descriptive_name",
        cast(counted."nulls:customer.currency_code" as decimal(38, 6)) as "nulls:customer.currency_code",
        cast(counted."nulls:customer.time_zone" as decimal(38, 6)) as "nulls:customer.time_zone",
        cast(counted."nulls:segments.date" as decimal(38, 6)) as "nulls:segments.date",
        cast(counted."nulls:segments.ad_network_type" as decimal(38, 6)) as "nulls:segments.ad_network_type",
        cast(counted."nulls:segments.device" as decimal(38, 6)) as "nulls:segments.device",
        cast(counted."nulls:metrics.clicks" as decimal(38, 6)) as "nulls:metrics.clicks",
        cast(counted."nulls:metrics.impressions" as decimal(38, 6)) as "nulls:metrics.impressions",
        cast(counted."nulls:metrics.cost_micros" as decimal(38, 6)) as "nulls:metrics.cost_micros",
        cast(counted."nulls:metrics.conversions" as decimal(38, 6)) as "nulls:metrics.conversions",
        cast(counted."nulls:metrics.conversions_value" as decimal(38, 6)) as "nulls:metrics.conversions_value",
        cast(uncastable."uncastable:customer.id" as decimal(38, 6)) as "uncastable:customer.id",
        cast(uncastable."uncastable:segments.date" as decimal(38, 6)) as "uncastable:segments.date",
        cast(uncastable."uncastable:metrics.clicks" as decimal(38, 6)) as "uncastable:metrics.clicks",
        cast(uncastable."uncastable:metrics.impressions" as decimal(38, 6)) as "uncastable:metrics.impressions",
        cast(uncastable."uncastable:metrics.cost_micros" as decimal(38, 6)) as "uncastable:metrics.cost_micros",
        cast(uncastable."uncastable:metrics.conversions" as decimal(38, 6)) as "uncastable:metrics.conversions",
        cast(uncastable."uncastable:metrics.conversions_value" as decimal(38, 6)) as "uncastable:metrics.conversions_value"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'account_performance_report'
    left join account_performance_report_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join account_performance_report_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join account_performance_report_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join account_performance_report_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

account_performance_report_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from account_performance_report_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:customer.id",
        "nulls:customer.descriptive_name",
        "nulls:customer.currency_code",
        "nulls:customer.time_zone",
        "nulls:segments.date",
        "nulls:segments.ad_network_type",
        "nulls:segments.device",
        "nulls:metrics.clicks",
        "nulls:metrics.impressions",
        "nulls:metrics.cost_micros",
        "nulls:metrics.conversions",
        "nulls:metrics.conversions_value",
        "uncastable:customer.id",
        "uncastable:segments.date",
        "uncastable:metrics.clicks",
        "uncastable:metrics.impressions",
        "uncastable:metrics.cost_micros",
        "uncastable:metrics.conversions",
        "uncastable:metrics.conversions_value"
    ))
),

account_performance_report_keys as (
    {{ key_counts('account_performance_report_raw') }}
),

account_performance_report_declared as (
    select key_name from (values ('customer.id'), ('customer.descriptive_name'), ('customer.currency_code'), ('customer.time_zone'), ('segments.date'), ('segments.ad_network_type'), ('segments.device'), ('metrics.clicks'), ('metrics.impressions'), ('metrics.cost_micros'), ('metrics.conversions'), ('metrics.conversions_value')) as declared (key_name)
),

account_performance_report_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join account_performance_report_declared as declared
    left join account_performance_report_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from account_performance_report_keys
    where payload_key not in (select key_name from account_performance_report_declared)
),

account_performance_report_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('google_ads', 'account_performance_report') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'account_performance_report'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

account_performance_report_nulled as (
    {{ nulled_counts('account_performance_report_changes') }}
),

account_performance_report_measured as (
    select window_start, window_end, 'account_performance_report' as model, sync_id, metric, field, value
    from account_performance_report_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'account_performance_report' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from account_performance_report_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from account_performance_report_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'account_performance_report'
),

click_view_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('google_ads', 'click_view') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'click_view'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

click_view_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('google_ads', 'click_view') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'click_view'
    group by batches.window_start, batches.window_end
),

click_view_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from click_view_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

click_view_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.click_view_gclid as varchar) || '|' || cast(typed.segments_date as varchar) || '|' || cast(typed.segments_ad_network_type as varchar)) as "distinct_keys",
        sum(case when typed.click_view_gclid is null or typed.segments_date is null or typed.segments_ad_network_type is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.customer_id) as "nulls:customer.id",
        count(*) - count(typed.click_view_gclid) as "nulls:click_view.gclid",
        count(*) - count(typed.click_view_ad_group_ad) as "nulls:click_view.ad_group_ad",
        count(*) - count(typed.click_view_keyword_info_match_type) as "nulls:click_view.keyword_info.match_type",
        count(*) - count(typed.click_view_keyword_info_text) as "nulls:click_view.keyword_info.text",
        count(*) - count(typed.campaign_id) as "nulls:campaign.id",
        count(*) - count(typed.campaign_name) as "nulls:campaign.name",
        count(*) - count(typed.ad_group_id) as "nulls:ad_group.id",
        count(*) - count(typed.ad_group_name) as "nulls:ad_group.name",
        count(*) - count(typed.segments_date) as "nulls:segments.date",
        count(*) - count(typed.segments_ad_network_type) as "nulls:segments.ad_network_type"
    from {{ ref('stg_google_ads__click_view') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'click_view'
    group by batches.window_start, batches.window_end
),

click_view_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.customer_id is null and {{ payload_holds('delivered._airbyte_data', ['customer.id']) }} then 1 else 0 end) as "uncastable:customer.id",
        sum(case when typed.campaign_id is null and {{ payload_holds('delivered._airbyte_data', ['campaign.id']) }} then 1 else 0 end) as "uncastable:campaign.id",
        sum(case when typed.ad_group_id is null and {{ payload_holds('delivered._airbyte_data', ['ad_group.id']) }} then 1 else 0 end) as "uncastable:ad_group.id",
        sum(case when typed.segments_date is null and {{ payload_holds('delivered._airbyte_data', ['segments.date']) }} then 1 else 0 end) as "uncastable:segments.date"
    from {{ ref('stg_google_ads__click_view') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'click_view'
    inner join {{ source('google_ads', 'click_view') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.customer_id is null
        or typed.campaign_id is null
        or typed.ad_group_id is null
        or typed.segments_date is null
    group by batches.window_start, batches.window_end
),

click_view_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:customer.id" as decimal(38, 6)) as "nulls:customer.id",
        cast(counted."nulls:click_view.gclid" as decimal(38, 6)) as "nulls:click_view.gclid",
        cast(counted."nulls:click_view.ad_group_ad" as decimal(38, 6)) as "nulls:click_view.ad_group_ad",
        cast(counted."nulls:click_view.keyword_info.match_type" as decimal(38, 6)) as "nulls:click_view.keyword_info.match_type",
        cast(counted."nulls:click_view.keyword_info.text" as decimal(38, 6)) as "nulls:click_view.keyword_info.text",
        cast(counted."nulls:campaign.id" as decimal(38, 6)) as "nulls:campaign.id",
        cast(counted."nulls:campaign.name" as decimal(38, 6)) as "nulls:campaign.name",
        cast(counted."nulls:ad_group.id" as decimal(38, 6)) as "nulls:ad_group.id",
        cast(counted."nulls:ad_group.name" as decimal(38, 6)) as "nulls:ad_group.name",
        cast(counted."nulls:segments.date" as decimal(38, 6)) as "nulls:segments.date",
        cast(counted."nulls:segments.ad_network_type" as decimal(38, 6)) as "nulls:segments.ad_network_type",
        cast(uncastable."uncastable:customer.id" as decimal(38, 6)) as "uncastable:customer.id",
        cast(uncastable."uncastable:campaign.id" as decimal(38, 6)) as "uncastable:campaign.id",
        cast(uncastable."uncastable:ad_group.id" as decimal(38, 6)) as "uncastable:ad_group.id",
        cast(uncastable."uncastable:segments.date" as decimal(38, 6)) as "uncastable:segments.date"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'click_view'
    left join click_view_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join click_view_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join click_view_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join click_view_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

click_view_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from click_view_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:customer.id",
        "nulls:click_view.gclid",
        "nulls:click_view.ad_group_ad",
        "nulls:click_view.keyword_info.match_type",
        "nulls:click_view.keyword_info.text",
        "nulls:campaign.id",
        "nulls:campaign.name",
        "nulls:ad_group.id",
        "nulls:ad_group.name",
        "nulls:segments.date",
        "nulls:segments.ad_network_type",
        "uncastable:customer.id",
        "uncastable:campaign.id",
        "uncastable:ad_group.id",
        "uncastable:segments.date"
    ))
),

click_view_keys as (
    {{ key_counts('click_view_raw') }}
),

click_view_declared as (
    select key_name from (values ('customer.id'), ('click_view.gclid'), ('click_view.ad_group_ad'), ('click_view.keyword_info.match_type'), ('click_view.keyword_info.text'), ('campaign.id'), ('campaign.name'), ('ad_group.id'), ('ad_group.name'), ('segments.date'), ('segments.ad_network_type')) as declared (key_name)
),

click_view_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join click_view_declared as declared
    left join click_view_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from click_view_keys
    where payload_key not in (select key_name from click_view_declared)
),

click_view_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('google_ads', 'click_view') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'click_view'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

click_view_nulled as (
    {{ nulled_counts('click_view_changes') }}
),

click_view_measured as (
    select window_start, window_end, 'click_view' as model, sync_id, metric, field, value
    from click_view_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'click_view' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from click_view_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from click_view_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'click_view'
),

measured as (
    select * from ad_performance_measured
    union all
    select * from campaign_measured
    union all
    select * from account_performance_report_measured
    union all
    select * from click_view_measured
),

null_history as (
    select model, field, window_start, window_end, nulls, batch_rows
    from (
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from measured as n
        inner join measured as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and r.metric = 'rows'
        where n.metric = 'nulls'
        {% if is_incremental() %}
        union all
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from {{ this }} as n
        inner join {{ this }} as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and n.load_seq = r.load_seq and r.metric = 'rows'
        where n.metric = 'nulls'
            and n.window_end > (select {{ dbt.dateadd('day', -28, 'min(window_start)') }} from pending)
            and not exists (
                select 1
                from pending
                where pending.window_start = n.window_start and pending.window_end = n.window_end
            )
        qualify n.load_seq = max(n.load_seq) over (partition by n.model, n.window_start, n.window_end)
        {% endif %}
    ) as known
),

null_baselines as (
    select
        judged.model,
        judged.field,
        judged.window_start,
        judged.window_end,
        sum(earlier.nulls) as nulls_before,
        sum(earlier.batch_rows) as rows_before
    from null_history as judged
    inner join pending on judged.window_start = pending.window_start and judged.window_end = pending.window_end
    inner join null_history as earlier
        on judged.model = earlier.model and judged.field = earlier.field
        and earlier.window_end <= judged.window_start
        and earlier.window_end > {{ dbt.dateadd('day', -28, 'judged.window_start') }}
    group by judged.model, judged.field, judged.window_start, judged.window_end
),

batch_figures as (
    select
        measured.window_start,
        measured.window_end,
        measured.model,
        '' as account,
        cast(null as date) as day,
        measured.metric,
        measured.field,
        cast(coalesce(measured.value, 0) as decimal(38, 6)) as value,
        cast(baselines.nulls_before / nullif(baselines.rows_before, 0) as decimal(38, 6)) as baseline,
        case when measured.metric = 'nulls' then cast(coalesce(baselines.rows_before, 0) as bigint) end as baseline_n,
        '' as detail,
        measured.sync_id
    from measured
    left join null_baselines as baselines
        on measured.metric = 'nulls' and measured.model = baselines.model and measured.field = baselines.field
        and measured.window_start = baselines.window_start and measured.window_end = baselines.window_end
),

ad_performance_daily as (
    select
        cast(customer_id as varchar) as account,
        coalesce(cast(campaign_id as varchar), '') as campaign,
        segments_date as day,
        sum(cast(coalesce(metrics_cost_micros, 0) as decimal(38, 6))) * 0.000001 as spend,
        sum(cast(coalesce(metrics_clicks, 0) as decimal(38, 6))) * 1 as clicks,
        sum(cast(coalesce(metrics_impressions, 0) as decimal(38, 6))) * 1 as impressions
    from {{ ref('int_google_ads__ad_performance') }}
    where segments_date >= (select {{ plus_days('min(window_start)', -28) }} from pending)
    group by 1, 2, 3
),

ad_performance_targets as (
    select pending.window_start, pending.window_end, listed.day, accounts.account
    from pending
    inner join (select distinct day from ad_performance_daily) as listed
        on listed.day >= cast(pending.window_start as date) and cast(listed.day as timestamp) < pending.window_end
    cross join (select distinct account from ad_performance_daily) as accounts
),

ad_performance_seen as (
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'spend' as metric,
        '' as field,
        coalesce(sum(daily.spend), 0) as value
    from ad_performance_targets as targets
    left join ad_performance_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_spend' as metric,
        daily.campaign as field,
        daily.spend as value
    from ad_performance_targets as targets
    inner join ad_performance_daily as daily on targets.account = daily.account and targets.day = daily.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'clicks' as metric,
        '' as field,
        coalesce(sum(daily.clicks), 0) as value
    from ad_performance_targets as targets
    left join ad_performance_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_clicks' as metric,
        daily.campaign as field,
        daily.clicks as value
    from ad_performance_targets as targets
    inner join ad_performance_daily as daily on targets.account = daily.account and targets.day = daily.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'impressions' as metric,
        '' as field,
        coalesce(sum(daily.impressions), 0) as value
    from ad_performance_targets as targets
    left join ad_performance_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_impressions' as metric,
        daily.campaign as field,
        daily.impressions as value
    from ad_performance_targets as targets
    inner join ad_performance_daily as daily on targets.account = daily.account and targets.day = daily.day
),

ad_performance_watched as (
    select
        window_start,
        window_end,
        'ad_performance' as model,
        account,
        day,
        metric,
        field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        cast(null as bigint) as sync_id
    from ad_performance_seen
),

ad_performance_ours as (
    select account, day, sum(value) as value, max(sync_id) as sync_id
    from (
        select cast(side.customer_id as varchar) as account, side.segments_date as day, sum(cast(coalesce(side.metrics_cost_micros, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_google_ads__ad_performance') }} as side
        where side.segments_date >= cast('{{ told_from }}' as date)
        group by cast(side.customer_id as varchar), side.segments_date
        union all
        select cast(side.customer_id as varchar) as account, side.segments_date as day, sum(cast(coalesce(side.metrics_cost_micros, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_google_ads__campaign') }} as side
        where not exists (select 1 from {{ ref('int_google_ads__ad_performance') }} as finer where finer.customer_id = side.customer_id and finer.segments_date = side.segments_date and finer.campaign_id = side.campaign_id) and side.segments_date >= cast('{{ told_from }}' as date)
        group by cast(side.customer_id as varchar), side.segments_date
    ) as parts
    where day is not null
    group by account, day
),

ad_performance_theirs as (
    select cast(side.customer_id as varchar) as account, side.segments_date as day, sum(cast(coalesce(side.metrics_cost_micros, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_google_ads__account_performance_report') }} as side
        group by cast(side.customer_id as varchar), side.segments_date
),

ad_performance_uncounted as (
    select account, day, bucket, sum(value) as value, count(*) as bucket_rows
    from (
        select
            cast(side.customer_id as varchar) as account,
            side.segments_date as day,
            case when cast(coalesce(side.metrics_cost_micros, 0) as decimal(38, 9)) = cast(coalesce(kept.metrics_cost_micros, 0) as decimal(38, 9)) then 'duplicates_removed' else 'superseded_versions' end as bucket,
            cast(coalesce(side.metrics_cost_micros, 0) as decimal(38, 9)) as value
        from {{ ref('stg_google_ads__ad_performance') }} as side
        inner join {{ ref('int_google_ads__ad_performance') }} as kept
            on side.customer_id = kept.customer_id and side.ad_group_id = kept.ad_group_id and side.ad_group_ad_ad_id = kept.ad_group_ad_ad_id and side.segments_date = kept.segments_date and side.segments_ad_network_type = kept.segments_ad_network_type and side.segments_device = kept.segments_device and side._sync_id = kept._sync_id
            and (side._source_file <> kept._source_file or side._source_row <> kept._source_row)
        where side._sync_id in (select sync_id from batches where stream = 'ad_performance')

        union all
        select
            cast(side.customer_id as varchar) as account,
            side.segments_date as day,
            case when cast(coalesce(side.metrics_cost_micros, 0) as decimal(38, 9)) = cast(coalesce(kept.metrics_cost_micros, 0) as decimal(38, 9)) then 'duplicates_removed' else 'superseded_versions' end as bucket,
            cast(coalesce(side.metrics_cost_micros, 0) as decimal(38, 9)) as value
        from {{ ref('stg_google_ads__campaign') }} as side
        inner join {{ ref('int_google_ads__campaign') }} as kept
            on side.customer_id = kept.customer_id and side.campaign_id = kept.campaign_id and side.segments_date = kept.segments_date and side.segments_hour = kept.segments_hour and side.segments_ad_network_type = kept.segments_ad_network_type and side._sync_id = kept._sync_id
            and (side._source_file <> kept._source_file or side._source_row <> kept._source_row)
        where side._sync_id in (select sync_id from batches where stream = 'campaign')
            and not exists (select 1 from {{ ref('int_google_ads__ad_performance') }} as finer where finer.customer_id = side.customer_id and finer.segments_date = side.segments_date and finer.campaign_id = side.campaign_id)

    ) as rows_beside
    group by account, day, bucket
),

ad_performance_sides as (
    select account, day, 'reconcile_ours' as metric, value from ad_performance_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from ad_performance_theirs
    where day is not null
),

-- Every day of the look-back is told anew, because the sync may have changed it; a check reads those of its window.
-- Days before the first that the control ever stated have nothing to be compared with.
ad_performance_days as (
    select pending.window_start, pending.window_end, keys.account, keys.day
    from pending
    inner join (select distinct account, day from ad_performance_sides) as keys
        on keys.day >= {{ plus_days('cast(pending.window_start as date)', -31) }}
        and cast({{ dbt.dateadd('day', 1, 'keys.day') }} as timestamp) <= pending.window_end
    where
        keys.day >= cast(pending.window_start as date)
        or keys.day >= (select min(day) from ad_performance_theirs)
),

ad_performance_told as (
    select
        days.*,
        metrics.metric,
        coalesce(sides.value, 0) * 0.000001 as value,
        cast(null as bigint) as value_rows,
        case when sides.value is null then 'no rows on this side' else '' end as detail
    from ad_performance_days as days
    cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    left join ad_performance_sides as sides
        on days.account = sides.account and days.day = sides.day and metrics.metric = sides.metric
    union all
    -- The first load of the sync that spoke last: marts that hold less are older than these rows.
    select
        days.*,
        'reconcile_loaded' as metric,
        first_loads.load_seq as value,
        cast(null as bigint) as value_rows,
        '' as detail
    from ad_performance_days as days
    inner join ad_performance_ours as ours on days.account = ours.account and days.day = ours.day
    inner join (select sync_id, min(load_seq) as load_seq from ledger group by sync_id) as first_loads
        on ours.sync_id = first_loads.sync_id
    union all
    select
        days.*,
        'reconcile_' || beside.bucket as metric,
        beside.value * 0.000001 as value,
        beside.bucket_rows as value_rows,
        '' as detail
    from ad_performance_days as days
    inner join ad_performance_uncounted as beside on days.account = beside.account and days.day = beside.day
),

ad_performance_reconciled as (
    select
        window_start,
        window_end,
        'ad_performance' as model,
        account,
        day,
        metric,
        'metrics.cost_micros' as field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(value_rows as bigint) as baseline_n,
        detail,
        cast(null as bigint) as sync_id
    from ad_performance_told
),

ad_performance_delivered as (
    select
        customer_id,
        segments_date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_google_ads__ad_performance') }}
    where customer_id is not null and segments_date is not null and ad_group_id is not null and ad_group_ad_ad_id is not null and segments_ad_network_type is not null and segments_device is not null
    group by customer_id, segments_date, _sync_id
),

ad_performance_syncs as (
    select
        customer_id,
        min(segments_date) as first_day,
        max(segments_date) as last_day,
        {{ plus_days('max(segments_date)', -31) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from ad_performance_delivered
    group by customer_id, _sync_id
),

ad_performance_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.customer_id,
        days.segments_date
    from batches
    inner join ad_performance_syncs as judged on judged._sync_id = batches.sync_id
    inner join ad_performance_delivered as days
        on days.customer_id = judged.customer_id and days.segments_date between judged.first_day and judged.last_day
        and days.segments_date < cast(batches.window_start as date)
    where batches.stream = 'ad_performance'
),

ad_performance_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.customer_id, closed.segments_date
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from ad_performance_closed as closed
        inner join ad_performance_syncs as syncs
            on syncs.customer_id = closed.customer_id and closed.segments_date between syncs.first_day and syncs.last_day
        left join ad_performance_delivered as said
            on said.customer_id = closed.customer_id and said.segments_date = closed.segments_date and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.segments_date >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

ad_performance_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from ad_performance_pairs
        union all
        select *, 'before' as side, before_id as side_id from ad_performance_pairs
    ) as sides
    inner join {{ ref('stg_google_ads__ad_performance') }} as history
        on history.customer_id = sides.customer_id and history.segments_date = sides.segments_date and history._sync_id = sides.side_id
    where history.customer_id is not null and history.segments_date is not null and history.ad_group_id is not null and history.ad_group_ad_ad_id is not null and history.segments_ad_network_type is not null and history.segments_device is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.customer_id, history.ad_group_id, history.ad_group_ad_ad_id, history.segments_date, history.segments_ad_network_type, history.segments_device
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

ad_performance_said as (
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'spend' as field,
        sum(cast(coalesce(metrics_cost_micros, 0) as decimal(38, 6))) * 0.000001 as value
    from ad_performance_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'clicks' as field,
        sum(cast(coalesce(metrics_clicks, 0) as decimal(38, 6))) * 1 as value
    from ad_performance_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'impressions' as field,
        sum(cast(coalesce(metrics_impressions, 0) as decimal(38, 6))) * 1 as value
    from ad_performance_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from ad_performance_kept
    group by side, window_start, window_end, customer_id, segments_date
),

ad_performance_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.customer_id as varchar) as account,
        pairs.segments_date as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from ad_performance_pairs as pairs
    cross join (values ('spend'), ('clicks'), ('impressions'), ('rows')) as figures (field)
    left join ad_performance_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.customer_id = pairs.customer_id and after_it.segments_date = pairs.segments_date
    left join ad_performance_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.customer_id = pairs.customer_id and before_it.segments_date = pairs.segments_date
),

ad_performance_restated as (
    select
        window_start,
        window_end,
        'ad_performance' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from ad_performance_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -31) }}
    union all
    select
        window_start,
        window_end,
        'ad_performance' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from ad_performance_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -31) }}
    group by window_start, window_end, account, field
),

campaign_daily as (
    select
        cast(customer_id as varchar) as account,
        coalesce(cast(campaign_id as varchar), '') as campaign,
        segments_date as day,
        sum(cast(coalesce(metrics_cost_micros, 0) as decimal(38, 6))) * 0.000001 as spend,
        sum(cast(coalesce(metrics_clicks, 0) as decimal(38, 6))) * 1 as clicks,
        sum(cast(coalesce(metrics_impressions, 0) as decimal(38, 6))) * 1 as impressions
    from {{ ref('int_google_ads__campaign') }}
    where segments_date >= (select {{ plus_days('min(window_start)', -28) }} from pending)
    group by 1, 2, 3
),

campaign_hours as (
    select cast(customer_id as varchar) as account, segments_date as day, count(distinct segments_hour) as hours
    from {{ ref('int_google_ads__campaign') }}
    where segments_date >= (select {{ plus_days('min(window_start)', -28) }} from pending)
    group by 1, 2
),

campaign_targets as (
    select pending.window_start, pending.window_end, listed.day, accounts.account
    from pending
    inner join (select distinct day from campaign_daily) as listed
        on listed.day >= cast(pending.window_start as date) and cast(listed.day as timestamp) < pending.window_end
    cross join (select distinct account from campaign_daily) as accounts
),

campaign_seen as (
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'spend' as metric,
        '' as field,
        coalesce(sum(daily.spend), 0) as value
    from campaign_targets as targets
    left join campaign_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_spend' as metric,
        daily.campaign as field,
        daily.spend as value
    from campaign_targets as targets
    inner join campaign_daily as daily on targets.account = daily.account and targets.day = daily.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'clicks' as metric,
        '' as field,
        coalesce(sum(daily.clicks), 0) as value
    from campaign_targets as targets
    left join campaign_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_clicks' as metric,
        daily.campaign as field,
        daily.clicks as value
    from campaign_targets as targets
    inner join campaign_daily as daily on targets.account = daily.account and targets.day = daily.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'impressions' as metric,
        '' as field,
        coalesce(sum(daily.impressions), 0) as value
    from campaign_targets as targets
    left join campaign_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_impressions' as metric,
        daily.campaign as field,
        daily.impressions as value
    from campaign_targets as targets
    inner join campaign_daily as daily on targets.account = daily.account and targets.day = daily.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'hours' as metric,
        '' as field,
        coalesce(cast(hourly.hours as decimal(38, 6)), 0) as value
    from campaign_targets as targets
    left join campaign_hours as hourly on targets.account = hourly.account and targets.day = hourly.day
),

campaign_watched as (
    select
        window_start,
        window_end,
        'campaign' as model,
        account,
        day,
        metric,
        field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        cast(null as bigint) as sync_id
    from campaign_seen
),

campaign_delivered as (
    select
        customer_id,
        segments_date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_google_ads__campaign') }}
    where customer_id is not null and segments_date is not null and campaign_id is not null and segments_hour is not null and segments_ad_network_type is not null
    group by customer_id, segments_date, _sync_id
),

campaign_syncs as (
    select
        customer_id,
        min(segments_date) as first_day,
        max(segments_date) as last_day,
        {{ plus_days('max(segments_date)', -31) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from campaign_delivered
    group by customer_id, _sync_id
),

campaign_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.customer_id,
        days.segments_date
    from batches
    inner join campaign_syncs as judged on judged._sync_id = batches.sync_id
    inner join campaign_delivered as days
        on days.customer_id = judged.customer_id and days.segments_date between judged.first_day and judged.last_day
        and days.segments_date < cast(batches.window_start as date)
    where batches.stream = 'campaign'
),

campaign_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.customer_id, closed.segments_date
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from campaign_closed as closed
        inner join campaign_syncs as syncs
            on syncs.customer_id = closed.customer_id and closed.segments_date between syncs.first_day and syncs.last_day
        left join campaign_delivered as said
            on said.customer_id = closed.customer_id and said.segments_date = closed.segments_date and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.segments_date >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

campaign_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from campaign_pairs
        union all
        select *, 'before' as side, before_id as side_id from campaign_pairs
    ) as sides
    inner join {{ ref('stg_google_ads__campaign') }} as history
        on history.customer_id = sides.customer_id and history.segments_date = sides.segments_date and history._sync_id = sides.side_id
    where history.customer_id is not null and history.segments_date is not null and history.campaign_id is not null and history.segments_hour is not null and history.segments_ad_network_type is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.customer_id, history.campaign_id, history.segments_date, history.segments_hour, history.segments_ad_network_type
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

campaign_said as (
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'spend' as field,
        sum(cast(coalesce(metrics_cost_micros, 0) as decimal(38, 6))) * 0.000001 as value
    from campaign_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'clicks' as field,
        sum(cast(coalesce(metrics_clicks, 0) as decimal(38, 6))) * 1 as value
    from campaign_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'impressions' as field,
        sum(cast(coalesce(metrics_impressions, 0) as decimal(38, 6))) * 1 as value
    from campaign_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from campaign_kept
    group by side, window_start, window_end, customer_id, segments_date
),

campaign_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.customer_id as varchar) as account,
        pairs.segments_date as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from campaign_pairs as pairs
    cross join (values ('spend'), ('clicks'), ('impressions'), ('rows')) as figures (field)
    left join campaign_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.customer_id = pairs.customer_id and after_it.segments_date = pairs.segments_date
    left join campaign_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.customer_id = pairs.customer_id and before_it.segments_date = pairs.segments_date
),

campaign_restated as (
    select
        window_start,
        window_end,
        'campaign' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from campaign_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -31) }}
    union all
    select
        window_start,
        window_end,
        'campaign' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from campaign_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -31) }}
    group by window_start, window_end, account, field
),

account_performance_report_delivered as (
    select
        customer_id,
        segments_date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_google_ads__account_performance_report') }}
    where customer_id is not null and segments_date is not null and segments_ad_network_type is not null and segments_device is not null
    group by customer_id, segments_date, _sync_id
),

account_performance_report_syncs as (
    select
        customer_id,
        min(segments_date) as first_day,
        max(segments_date) as last_day,
        {{ plus_days('max(segments_date)', -31) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from account_performance_report_delivered
    group by customer_id, _sync_id
),

account_performance_report_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.customer_id,
        days.segments_date
    from batches
    inner join account_performance_report_syncs as judged on judged._sync_id = batches.sync_id
    inner join account_performance_report_delivered as days
        on days.customer_id = judged.customer_id and days.segments_date between judged.first_day and judged.last_day
        and days.segments_date < cast(batches.window_start as date)
    where batches.stream = 'account_performance_report'
),

account_performance_report_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.customer_id, closed.segments_date
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from account_performance_report_closed as closed
        inner join account_performance_report_syncs as syncs
            on syncs.customer_id = closed.customer_id and closed.segments_date between syncs.first_day and syncs.last_day
        left join account_performance_report_delivered as said
            on said.customer_id = closed.customer_id and said.segments_date = closed.segments_date and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.segments_date >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

account_performance_report_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from account_performance_report_pairs
        union all
        select *, 'before' as side, before_id as side_id from account_performance_report_pairs
    ) as sides
    inner join {{ ref('stg_google_ads__account_performance_report') }} as history
        on history.customer_id = sides.customer_id and history.segments_date = sides.segments_date and history._sync_id = sides.side_id
    where history.customer_id is not null and history.segments_date is not null and history.segments_ad_network_type is not null and history.segments_device is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.customer_id, history.segments_date, history.segments_ad_network_type, history.segments_device
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

account_performance_report_said as (
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'metrics.clicks' as field,
        sum(cast(coalesce(metrics_clicks, 0) as decimal(38, 6))) * 1 as value
    from account_performance_report_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'metrics.impressions' as field,
        sum(cast(coalesce(metrics_impressions, 0) as decimal(38, 6))) * 1 as value
    from account_performance_report_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'metrics.cost_micros' as field,
        sum(cast(coalesce(metrics_cost_micros, 0) as decimal(38, 6))) * 1 as value
    from account_performance_report_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from account_performance_report_kept
    group by side, window_start, window_end, customer_id, segments_date
),

account_performance_report_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.customer_id as varchar) as account,
        pairs.segments_date as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from account_performance_report_pairs as pairs
    cross join (values ('metrics.clicks'), ('metrics.impressions'), ('metrics.cost_micros'), ('rows')) as figures (field)
    left join account_performance_report_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.customer_id = pairs.customer_id and after_it.segments_date = pairs.segments_date
    left join account_performance_report_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.customer_id = pairs.customer_id and before_it.segments_date = pairs.segments_date
),

account_performance_report_restated as (
    select
        window_start,
        window_end,
        'account_performance_report' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from account_performance_report_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -31) }}
    union all
    select
        window_start,
        window_end,
        'account_performance_report' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from account_performance_report_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -31) }}
    group by window_start, window_end, account, field
),

click_view_delivered as (
    select
        customer_id,
        segments_date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_google_ads__click_view') }}
    where customer_id is not null and segments_date is not null and click_view_gclid is not null and segments_ad_network_type is not null
    group by customer_id, segments_date, _sync_id
),

click_view_syncs as (
    select
        customer_id,
        min(segments_date) as first_day,
        max(segments_date) as last_day,
        {{ plus_days('max(segments_date)', -31) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from click_view_delivered
    group by customer_id, _sync_id
),

click_view_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.customer_id,
        days.segments_date
    from batches
    inner join click_view_syncs as judged on judged._sync_id = batches.sync_id
    inner join click_view_delivered as days
        on days.customer_id = judged.customer_id and days.segments_date between judged.first_day and judged.last_day
        and days.segments_date < cast(batches.window_start as date)
    where batches.stream = 'click_view'
),

click_view_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.customer_id, closed.segments_date
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from click_view_closed as closed
        inner join click_view_syncs as syncs
            on syncs.customer_id = closed.customer_id and closed.segments_date between syncs.first_day and syncs.last_day
        left join click_view_delivered as said
            on said.customer_id = closed.customer_id and said.segments_date = closed.segments_date and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.segments_date >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

click_view_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from click_view_pairs
        union all
        select *, 'before' as side, before_id as side_id from click_view_pairs
    ) as sides
    inner join {{ ref('stg_google_ads__click_view') }} as history
        on history.customer_id = sides.customer_id and history.segments_date = sides.segments_date and history._sync_id = sides.side_id
    where history.customer_id is not null and history.segments_date is not null and history.click_view_gclid is not null and history.segments_ad_network_type is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.click_view_gclid, history.segments_date, history.segments_ad_network_type
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

click_view_said as (
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'campaign.id' as field,
        sum(cast(coalesce(campaign_id, 0) as decimal(38, 6))) * 1 as value
    from click_view_kept
    group by side, window_start, window_end, customer_id, segments_date
    union all
    select
        side,
        window_start,
        window_end,
        customer_id,
        segments_date,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from click_view_kept
    group by side, window_start, window_end, customer_id, segments_date
),

click_view_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.customer_id as varchar) as account,
        pairs.segments_date as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from click_view_pairs as pairs
    cross join (values ('campaign.id'), ('rows')) as figures (field)
    left join click_view_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.customer_id = pairs.customer_id and after_it.segments_date = pairs.segments_date
    left join click_view_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.customer_id = pairs.customer_id and before_it.segments_date = pairs.segments_date
),

click_view_restated as (
    select
        window_start,
        window_end,
        'click_view' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from click_view_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -31) }}
    union all
    select
        window_start,
        window_end,
        'click_view' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from click_view_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -31) }}
    group by window_start, window_end, account, field
),

all_figures as (
    select * from batch_figures
    union all
    select * from ad_performance_watched
    union all
    select * from ad_performance_reconciled
    union all
    select * from ad_performance_restated
    union all
    select * from campaign_watched
    union all
    select * from campaign_restated
    union all
    select * from account_performance_report_restated
    union all
    select * from click_view_restated
),

final as (
    select
        figures.window_start,
        figures.window_end,
        'google_ads' as source,
        figures.model,
        figures.account,
        figures.day,
        figures.metric,
        figures.field,
        cast(figures.value as decimal(38, 6)) as value,
        cast(figures.baseline as decimal(38, 6)) as baseline,
        cast(figures.baseline_n as bigint) as baseline_n,
        figures.detail,
        cast(figures.sync_id as bigint) as sync_id,
        cast(pending.load_seq as bigint) as load_seq
    from all_figures as figures
    inner join pending
        on figures.window_start = pending.window_start and figures.window_end = pending.window_end
)

select * from final
{% endif %}
