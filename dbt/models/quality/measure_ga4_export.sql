-- rendered from ga4_export, sha256 24f0ab503d36f1d2a28845aff6b18e22c835822d34a39a734e80035618be1c6e; change the declaration, then run `plumbline render`
{% if nothing_to_measure('ga4_export') %}
select * from {{ this }} where false
{% else %}
{%- set told_from = first_day_to_tell('ga4_export', 5) %}
with ledger as (
    select
        window_start,
        window_end,
        stream,
        sync_id,
        load_seq,
        "rows" as object_rows
    from {{ source('plumbline', 'load_ledger') }}
    where source = 'ga4_export'
),

pending as (
    {{ windows_to_measure('ga4_export') }}
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

events_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('ga4_export', 'events') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

events_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('ga4_export', 'events') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events'
    group by batches.window_start, batches.window_end
),

events_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from events_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

events_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.event_key as varchar)) as "distinct_keys",
        sum(case when typed.event_key is null then 1 else 0 end) as "null_keys",
        approx_count_distinct(typed.ga_session_id) as "groups",
        count(*) - count(typed.event_key) as "nulls:event_key",
        count(*) - count(typed.event_date) as "nulls:event_date",
        count(*) - count(typed.event_timestamp) as "nulls:event_timestamp",
        count(*) - count(typed.event_name) as "nulls:event_name",
        count(*) - count(typed.event_bundle_sequence_id) as "nulls:event_bundle_sequence_id",
        count(*) - count(typed.user_pseudo_id) as "nulls:user_pseudo_id",
        count(*) - count(typed.user_id_token) as "nulls:user_id",
        count(*) - count(typed.ga_session_id) as "nulls:ga_session_id",
        count(*) - count(typed.ga_session_number) as "nulls:ga_session_number",
        count(*) - count(typed.session_engaged) as "nulls:session_engaged",
        count(*) - count(typed.engagement_time_msec) as "nulls:engagement_time_msec",
        count(*) - count(typed.page_location_path) as "nulls:page_location",
        count(*) - count(typed.page_referrer_path) as "nulls:page_referrer",
        count(*) - count(typed.param_source) as "nulls:param_source",
        count(*) - count(typed.param_medium) as "nulls:param_medium",
        count(*) - count(typed.param_campaign) as "nulls:param_campaign",
        count(*) - count(typed.param_gclid) as "nulls:param_gclid",
        count(*) - count(typed.transaction_id) as "nulls:transaction_id",
        count(*) - count(typed.param_currency) as "nulls:param_currency",
        count(*) - count(typed.param_value) as "nulls:param_value",
        count(*) - count(typed.debug_mode) as "nulls:debug_mode",
        count(*) - count(typed.manual_source) as "nulls:manual_source",
        count(*) - count(typed.manual_medium) as "nulls:manual_medium",
        count(*) - count(typed.manual_campaign_name) as "nulls:manual_campaign_name",
        count(*) - count(typed.gclid) as "nulls:gclid",
        count(*) - count(typed.analytics_storage) as "nulls:analytics_storage",
        count(*) - count(typed.device_category) as "nulls:device_category",
        count(*) - count(typed.country) as "nulls:country",
        count(*) - count(typed.platform) as "nulls:platform",
        count(*) - count(typed.stream_id) as "nulls:stream_id",
        count(*) - count(typed.purchase_revenue) as "nulls:purchase_revenue",
        count(*) - count(typed.export_table) as "nulls:export_table",
        count(*) - count(typed.exported_at) as "nulls:exported_at"
    from {{ ref('stg_ga4_export__events') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'events'
    group by batches.window_start, batches.window_end
),

events_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.event_date is null and {{ payload_holds('delivered._airbyte_data', ['event_date']) }} then 1 else 0 end) as "uncastable:event_date",
        sum(case when typed.event_timestamp is null and {{ payload_holds('delivered._airbyte_data', ['event_timestamp']) }} then 1 else 0 end) as "uncastable:event_timestamp",
        sum(case when typed.event_bundle_sequence_id is null and {{ payload_holds('delivered._airbyte_data', ['event_bundle_sequence_id']) }} then 1 else 0 end) as "uncastable:event_bundle_sequence_id",
        sum(case when typed.ga_session_id is null and {{ payload_pick_holds('delivered._airbyte_data', ['event_params'], 'key', 'ga_session_id', [['value', 'int_value'], ['value', 'string_value']]) }} then 1 else 0 end) as "uncastable:ga_session_id",
        sum(case when typed.ga_session_number is null and {{ payload_pick_holds('delivered._airbyte_data', ['event_params'], 'key', 'ga_session_number', [['value', 'int_value'], ['value', 'string_value']]) }} then 1 else 0 end) as "uncastable:ga_session_number",
        sum(case when typed.session_engaged is null and {{ payload_pick_holds('delivered._airbyte_data', ['event_params'], 'key', 'session_engaged', [['value', 'int_value'], ['value', 'string_value']]) }} then 1 else 0 end) as "uncastable:session_engaged",
        sum(case when typed.engagement_time_msec is null and {{ payload_pick_holds('delivered._airbyte_data', ['event_params'], 'key', 'engagement_time_msec', [['value', 'int_value']]) }} then 1 else 0 end) as "uncastable:engagement_time_msec",
        sum(case when typed.param_value is null and {{ payload_pick_holds('delivered._airbyte_data', ['event_params'], 'key', 'value', [['value', 'double_value'], ['value', 'int_value']]) }} then 1 else 0 end) as "uncastable:param_value",
        sum(case when typed.debug_mode is null and {{ payload_pick_holds('delivered._airbyte_data', ['event_params'], 'key', 'debug_mode', [['value', 'int_value'], ['value', 'string_value']]) }} then 1 else 0 end) as "uncastable:debug_mode",
        sum(case when typed.purchase_revenue is null and {{ payload_holds('delivered._airbyte_data', ['ecommerce', 'purchase_revenue']) }} then 1 else 0 end) as "uncastable:purchase_revenue",
        sum(case when typed.exported_at is null and {{ payload_holds('delivered._airbyte_data', ['exported_at']) }} then 1 else 0 end) as "uncastable:exported_at"
    from {{ ref('stg_ga4_export__events') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'events'
    inner join {{ source('ga4_export', 'events') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.event_date is null
        or typed.event_timestamp is null
        or typed.event_bundle_sequence_id is null
        or typed.ga_session_id is null
        or typed.ga_session_number is null
        or typed.session_engaged is null
        or typed.engagement_time_msec is null
        or typed.param_value is null
        or typed.debug_mode is null
        or typed.purchase_revenue is null
        or typed.exported_at is null
    group by batches.window_start, batches.window_end
),

events_wide as (
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
        cast(counted."groups" as decimal(38, 6)) as "groups",
        cast(counted."nulls:event_key" as decimal(38, 6)) as "nulls:event_key",
        cast(counted."nulls:event_date" as decimal(38, 6)) as "nulls:event_date",
        cast(counted."nulls:event_timestamp" as decimal(38, 6)) as "nulls:event_timestamp",
        cast(counted."nulls:event_name" as decimal(38, 6)) as "nulls:event_name",
        cast(counted."nulls:event_bundle_sequence_id" as decimal(38, 6)) as "nulls:event_bundle_sequence_id",
        cast(counted."nulls:user_pseudo_id" as decimal(38, 6)) as "nulls:user_pseudo_id",
        cast(counted."nulls:user_id" as decimal(38, 6)) as "nulls:user_id",
        cast(counted."nulls:ga_session_id" as decimal(38, 6)) as "nulls:ga_session_id",
        cast(counted."nulls:ga_session_number" as decimal(38, 6)) as "nulls:ga_session_number",
        cast(counted."nulls:session_engaged" as decimal(38, 6)) as "nulls:session_engaged",
        cast(counted."nulls:engagement_time_msec" as decimal(38, 6)) as "nulls:engagement_time_msec",
        cast(counted."nulls:page_location" as decimal(38, 6)) as "nulls:page_location",
        cast(counted."nulls:page_referrer" as decimal(38, 6)) as "nulls:page_referrer",
        cast(counted."nulls:param_source" as decimal(38, 6)) as "nulls:param_source",
        cast(counted."nulls:param_medium" as decimal(38, 6)) as "nulls:param_medium",
        cast(counted."nulls:param_campaign" as decimal(38, 6)) as "nulls:param_campaign",
        cast(counted."nulls:param_gclid" as decimal(38, 6)) as "nulls:param_gclid",
        cast(counted."nulls:transaction_id" as decimal(38, 6)) as "nulls:transaction_id",
        cast(counted."nulls:param_currency" as decimal(38, 6)) as "nulls:param_currency",
        cast(counted."nulls:param_value" as decimal(38, 6)) as "nulls:param_value",
        cast(counted."nulls:debug_mode" as decimal(38, 6)) as "nulls:debug_mode",
        cast(counted."nulls:manual_source" as decimal(38, 6)) as "nulls:manual_source",
        cast(counted."nulls:manual_medium" as decimal(38, 6)) as "nulls:manual_medium",
        cast(counted."nulls:manual_campaign_name" as decimal(38, 6)) as "nulls:manual_campaign_name",
        cast(counted."nulls:gclid" as decimal(38, 6)) as "nulls:gclid",
        cast(counted."nulls:analytics_storage" as decimal(38, 6)) as "nulls:analytics_storage",
        cast(counted."nulls:device_category" as decimal(38, 6)) as "nulls:device_category",
        cast(counted."nulls:country" as decimal(38, 6)) as "nulls:country",
        cast(counted."nulls:platform" as decimal(38, 6)) as "nulls:platform",
        cast(counted."nulls:stream_id" as decimal(38, 6)) as "nulls:stream_id",
        cast(counted."nulls:purchase_revenue" as decimal(38, 6)) as "nulls:purchase_revenue",
        cast(counted."nulls:export_table" as decimal(38, 6)) as "nulls:export_table",
        cast(counted."nulls:exported_at" as decimal(38, 6)) as "nulls:exported_at",
        cast(uncastable."uncastable:event_date" as decimal(38, 6)) as "uncastable:event_date",
        cast(uncastable."uncastable:event_timestamp" as decimal(38, 6)) as "uncastable:event_timestamp",
        cast(uncastable."uncastable:event_bundle_sequence_id" as decimal(38, 6)) as "uncastable:event_bundle_sequence_id",
        cast(uncastable."uncastable:ga_session_id" as decimal(38, 6)) as "uncastable:ga_session_id",
        cast(uncastable."uncastable:ga_session_number" as decimal(38, 6)) as "uncastable:ga_session_number",
        cast(uncastable."uncastable:session_engaged" as decimal(38, 6)) as "uncastable:session_engaged",
        cast(uncastable."uncastable:engagement_time_msec" as decimal(38, 6)) as "uncastable:engagement_time_msec",
        cast(uncastable."uncastable:param_value" as decimal(38, 6)) as "uncastable:param_value",
        cast(uncastable."uncastable:debug_mode" as decimal(38, 6)) as "uncastable:debug_mode",
        cast(uncastable."uncastable:purchase_revenue" as decimal(38, 6)) as "uncastable:purchase_revenue",
        cast(uncastable."uncastable:exported_at" as decimal(38, 6)) as "uncastable:exported_at"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'events'
    left join events_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join events_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join events_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join events_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

events_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from events_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "groups",
        "nulls:event_key",
        "nulls:event_date",
        "nulls:event_timestamp",
        "nulls:event_name",
        "nulls:event_bundle_sequence_id",
        "nulls:user_pseudo_id",
        "nulls:user_id",
        "nulls:ga_session_id",
        "nulls:ga_session_number",
        "nulls:session_engaged",
        "nulls:engagement_time_msec",
        "nulls:page_location",
        "nulls:page_referrer",
        "nulls:param_source",
        "nulls:param_medium",
        "nulls:param_campaign",
        "nulls:param_gclid",
        "nulls:transaction_id",
        "nulls:param_currency",
        "nulls:param_value",
        "nulls:debug_mode",
        "nulls:manual_source",
        "nulls:manual_medium",
        "nulls:manual_campaign_name",
        "nulls:gclid",
        "nulls:analytics_storage",
        "nulls:device_category",
        "nulls:country",
        "nulls:platform",
        "nulls:stream_id",
        "nulls:purchase_revenue",
        "nulls:export_table",
        "nulls:exported_at",
        "uncastable:event_date",
        "uncastable:event_timestamp",
        "uncastable:event_bundle_sequence_id",
        "uncastable:ga_session_id",
        "uncastable:ga_session_number",
        "uncastable:session_engaged",
        "uncastable:engagement_time_msec",
        "uncastable:param_value",
        "uncastable:debug_mode",
        "uncastable:purchase_revenue",
        "uncastable:exported_at"
    ))
),

events_keys as (
    {{ key_counts('events_raw') }}
),

events_declared as (
    select key_name from (values ('event_key'), ('event_date'), ('event_timestamp'), ('event_name'), ('event_bundle_sequence_id'), ('user_pseudo_id'), ('user_id'), ('event_params'), ('collected_traffic_source'), ('privacy_info'), ('device'), ('geo'), ('platform'), ('stream_id'), ('ecommerce'), ('export_table'), ('exported_at')) as declared (key_name)
),

events_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join events_declared as declared
    left join events_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from events_keys
    where payload_key not in (select key_name from events_declared)
),

events_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('ga4_export', 'events') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

events_nulled as (
    {{ nulled_counts('events_changes') }}
),

events_measured as (
    select window_start, window_end, 'events' as model, sync_id, metric, field, value
    from events_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'events' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from events_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from events_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'events'
),

events_control_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('ga4_export', 'events_control') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events_control'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

events_control_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('ga4_export', 'events_control') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events_control'
    group by batches.window_start, batches.window_end
),

events_control_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from events_control_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

events_control_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.export_table as varchar)) as "distinct_keys",
        sum(case when typed.export_table is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.export_table) as "nulls:export_table",
        count(*) - count(typed.event_date) as "nulls:event_date",
        count(*) - count(typed.row_count) as "nulls:row_count",
        count(*) - count(typed.purchases) as "nulls:purchases",
        count(*) - count(typed.revenue) as "nulls:revenue",
        count(*) - count(typed.counted_at) as "nulls:counted_at"
    from {{ ref('stg_ga4_export__events_control') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'events_control'
    group by batches.window_start, batches.window_end
),

events_control_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.event_date is null and {{ payload_holds('delivered._airbyte_data', ['event_date']) }} then 1 else 0 end) as "uncastable:event_date",
        sum(case when typed.row_count is null and {{ payload_holds('delivered._airbyte_data', ['rows']) }} then 1 else 0 end) as "uncastable:row_count",
        sum(case when typed.purchases is null and {{ payload_holds('delivered._airbyte_data', ['purchases']) }} then 1 else 0 end) as "uncastable:purchases",
        sum(case when typed.revenue is null and {{ payload_holds('delivered._airbyte_data', ['revenue']) }} then 1 else 0 end) as "uncastable:revenue",
        sum(case when typed.counted_at is null and {{ payload_holds('delivered._airbyte_data', ['counted_at']) }} then 1 else 0 end) as "uncastable:counted_at"
    from {{ ref('stg_ga4_export__events_control') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'events_control'
    inner join {{ source('ga4_export', 'events_control') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.event_date is null
        or typed.row_count is null
        or typed.purchases is null
        or typed.revenue is null
        or typed.counted_at is null
    group by batches.window_start, batches.window_end
),

events_control_wide as (
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
        cast(counted."nulls:export_table" as decimal(38, 6)) as "nulls:export_table",
        cast(counted."nulls:event_date" as decimal(38, 6)) as "nulls:event_date",
        cast(counted."nulls:row_count" as decimal(38, 6)) as "nulls:row_count",
        cast(counted."nulls:purchases" as decimal(38, 6)) as "nulls:purchases",
        cast(counted."nulls:revenue" as decimal(38, 6)) as "nulls:revenue",
        cast(counted."nulls:counted_at" as decimal(38, 6)) as "nulls:counted_at",
        cast(uncastable."uncastable:event_date" as decimal(38, 6)) as "uncastable:event_date",
        cast(uncastable."uncastable:row_count" as decimal(38, 6)) as "uncastable:row_count",
        cast(uncastable."uncastable:purchases" as decimal(38, 6)) as "uncastable:purchases",
        cast(uncastable."uncastable:revenue" as decimal(38, 6)) as "uncastable:revenue",
        cast(uncastable."uncastable:counted_at" as decimal(38, 6)) as "uncastable:counted_at"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'events_control'
    left join events_control_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join events_control_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join events_control_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join events_control_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

events_control_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from events_control_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:export_table",
        "nulls:event_date",
        "nulls:row_count",
        "nulls:purchases",
        "nulls:revenue",
        "nulls:counted_at",
        "uncastable:event_date",
        "uncastable:row_count",
        "uncastable:purchases",
        "uncastable:revenue",
        "uncastable:counted_at"
    ))
),

events_control_keys as (
    {{ key_counts('events_control_raw') }}
),

events_control_declared as (
    select key_name from (values ('export_table'), ('event_date'), ('rows'), ('purchases'), ('revenue'), ('counted_at')) as declared (key_name)
),

events_control_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join events_control_declared as declared
    left join events_control_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from events_control_keys
    where payload_key not in (select key_name from events_control_declared)
),

events_control_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('ga4_export', 'events_control') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events_control'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

events_control_nulled as (
    {{ nulled_counts('events_control_changes') }}
),

events_control_measured as (
    select window_start, window_end, 'events_control' as model, sync_id, metric, field, value
    from events_control_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'events_control' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from events_control_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from events_control_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'events_control'
),

measured as (
    select * from events_measured
    union all
    select * from events_control_measured
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

events_ours as (
    select account, day, sum(value) as value, max(sync_id) as sync_id
    from (
        select cast(side.export_table as varchar) as account, side.event_date as day, sum(cast(1 as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('stg_ga4_export__events') }} as side
        where side.event_date >= cast('{{ told_from }}' as date)
        group by cast(side.export_table as varchar), side.event_date
    ) as parts
    where day is not null
    group by account, day
),

events_theirs as (
    select cast(side.export_table as varchar) as account, side.event_date as day, sum(cast(coalesce(side.row_count, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_ga4_export__events_control') }} as side
        group by cast(side.export_table as varchar), side.event_date
),

events_sides as (
    select account, day, 'reconcile_ours' as metric, value from events_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from events_theirs
    where day is not null
),

-- Every day of the look-back is told anew, because the sync may have changed it; a check reads those of its window.
-- Days before the first that the control ever stated have nothing to be compared with.
events_days as (
    select pending.window_start, pending.window_end, keys.account, keys.day
    from pending
    inner join (select distinct account, day from events_sides) as keys
        on keys.day >= {{ plus_days('cast(pending.window_start as date)', -5) }}
        and cast({{ dbt.dateadd('day', 1, 'keys.day') }} as timestamp) <= pending.window_end
    where
        keys.day >= cast(pending.window_start as date)
        or keys.day >= (select min(day) from events_theirs)
),

events_told as (
    select
        days.*,
        metrics.metric,
        coalesce(sides.value, 0) * 1 as value,
        cast(null as bigint) as value_rows,
        case when sides.value is null then 'no rows on this side' else '' end as detail
    from events_days as days
    cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    left join events_sides as sides
        on days.account = sides.account and days.day = sides.day and metrics.metric = sides.metric
    union all
    -- The first load of the sync that spoke last: marts that hold less are older than these rows.
    select
        days.*,
        'reconcile_loaded' as metric,
        first_loads.load_seq as value,
        cast(null as bigint) as value_rows,
        '' as detail
    from events_days as days
    inner join events_ours as ours on days.account = ours.account and days.day = ours.day
    inner join (select sync_id, min(load_seq) as load_seq from ledger group by sync_id) as first_loads
        on ours.sync_id = first_loads.sync_id
),

events_reconciled as (
    select
        window_start,
        window_end,
        'events' as model,
        account,
        day,
        metric,
        'rows' as field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(value_rows as bigint) as baseline_n,
        detail,
        cast(null as bigint) as sync_id
    from events_told
),

events_late as (
    select
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        events.event_date as day,
        count(*) as late_rows,
        min(events._load_seq) as load_seq
    from batches
    inner join {{ ref('stg_ga4_export__events') }} as events
        on events._sync_id = batches.sync_id
        and events.event_date < {{ plus_days('cast(batches.window_start as date)', -5) }}
    where batches.stream = 'events'
    group by batches.window_start, batches.window_end, batches.sync_id, events.event_date
),

events_restated as (
    select
        late.window_start,
        late.window_end,
        'events' as model,
        '' as account,
        late.day,
        'restated_beyond' as metric,
        'rows' as field,
        count(*) + max(late.late_rows) as value,
        count(*) as baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        late.sync_id
    from events_late as late
    inner join {{ ref('stg_ga4_export__events') }} as events
        on events.event_date = late.day and events._load_seq < late.load_seq
    group by late.window_start, late.window_end, late.day, late.sync_id
),

all_figures as (
    select * from batch_figures
    union all
    select * from events_reconciled
    union all
    select * from events_restated
),

final as (
    select
        figures.window_start,
        figures.window_end,
        'ga4_export' as source,
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
