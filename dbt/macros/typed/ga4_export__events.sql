{# rendered from ga4_export, sha256 24f0ab503d36f1d2a28845aff6b18e22c835822d34a39a734e80035618be1c6e; change the declaration, then run `plumbline render` #}

{% macro typed_ga4_export__events(rows) %}{{ return(adapter.dispatch('typed_ga4_export__events')(rows)) }}{% endmacro %}

{% macro duckdb__typed_ga4_export__events(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"collected_traffic_source":{"gclid":"VARCHAR","manual_campaign_name":"VARCHAR","manual_medium":"VARCHAR","manual_source":"VARCHAR"},"device":{"category":"VARCHAR"},"ecommerce":{"purchase_revenue":"DECIMAL(28,9)"},"event_bundle_sequence_id":"BIGINT","event_date":"VARCHAR","event_key":"VARCHAR","event_name":"VARCHAR","event_params":[{"key":"VARCHAR","value":{"double_value":"DECIMAL(28,9)","int_value":"DECIMAL(28,9)","string_value":"VARCHAR"}}],"event_timestamp":"BIGINT","export_table":"VARCHAR","exported_at":"TIMESTAMPTZ","geo":{"country":"VARCHAR"},"platform":"VARCHAR","privacy_info":{"analytics_storage":"VARCHAR"},"stream_id":"VARCHAR","user_pseudo_id":"VARCHAR"}') as j,
        from_json(_tokens, '{"user_id":"VARCHAR"}') as t
    from {{ rows }}
),

with_keys as (
    select
        *,
        [x."key" for x in j."event_params"] as event_params_key_keys
    from parsed
),

with_urls as (
    select
        *,
        j."event_params"[list_position(event_params_key_keys, 'page_location')]."value"."string_value" as page_location_text,
        j."event_params"[list_position(event_params_key_keys, 'page_referrer')]."value"."string_value" as page_referrer_text
    from with_keys
),

with_parameters as (
    select
        *,
        {{ url_parameters('page_location_text') }} as page_location_parameters,
        {{ url_parameters('page_referrer_text') }} as page_referrer_parameters
    from with_urls
),

final as (
    select
        j."event_key" as event_key,
        cast(try_strptime(j."event_date", '%Y%m%d') as date) as event_date,
        case when j."event_timestamp" between -62135596800000000 and 253402300799000000 then make_timestamp(j."event_timestamp") end as event_timestamp,
        j."event_name" as event_name,
        j."event_bundle_sequence_id" as event_bundle_sequence_id,
        j."user_pseudo_id" as user_pseudo_id,
        t."user_id" as user_id_token,
        coalesce(try_cast(j."event_params"[list_position(event_params_key_keys, 'ga_session_id')]."value"."int_value" as bigint), try_cast(j."event_params"[list_position(event_params_key_keys, 'ga_session_id')]."value"."string_value" as bigint)) as ga_session_id,
        coalesce(try_cast(j."event_params"[list_position(event_params_key_keys, 'ga_session_number')]."value"."int_value" as bigint), try_cast(j."event_params"[list_position(event_params_key_keys, 'ga_session_number')]."value"."string_value" as bigint)) as ga_session_number,
        coalesce(try_cast(j."event_params"[list_position(event_params_key_keys, 'session_engaged')]."value"."int_value" as bigint), try_cast(j."event_params"[list_position(event_params_key_keys, 'session_engaged')]."value"."string_value" as bigint)) as session_engaged,
        try_cast(j."event_params"[list_position(event_params_key_keys, 'engagement_time_msec')]."value"."int_value" as bigint) as engagement_time_msec,
        {{ url_host('page_location_text') }} as page_location_host,
        {{ url_path('page_location_text') }} as page_location_path,
        {{ url_parameter('page_location_parameters', 'utm_source') }} as page_location_utm_source,
        {{ url_parameter('page_location_parameters', 'utm_medium') }} as page_location_utm_medium,
        {{ url_parameter('page_location_parameters', 'utm_campaign') }} as page_location_utm_campaign,
        {{ url_parameter('page_location_parameters', 'utm_term') }} as page_location_utm_term,
        {{ url_parameter('page_location_parameters', 'utm_content') }} as page_location_utm_content,
        {{ url_click_id('page_location_parameters') }} as page_location_click_id,
        {{ url_click_id_type('page_location_parameters') }} as page_location_click_id_type,
        {{ url_ad_part('page_location_parameters', 'utm_id') }} as page_location_utm_id,
        {{ url_ad_part('page_location_parameters', 'campaign_id') }} as page_location_campaign_id,
        {{ url_ad_part('page_location_parameters', 'ad_group_id') }} as page_location_ad_group_id,
        {{ url_ad_part('page_location_parameters', 'ad_id') }} as page_location_ad_id,
        {{ url_host('page_referrer_text') }} as page_referrer_host,
        {{ url_path('page_referrer_text') }} as page_referrer_path,
        {{ url_parameter('page_referrer_parameters', 'utm_source') }} as page_referrer_utm_source,
        {{ url_parameter('page_referrer_parameters', 'utm_medium') }} as page_referrer_utm_medium,
        {{ url_parameter('page_referrer_parameters', 'utm_campaign') }} as page_referrer_utm_campaign,
        {{ url_parameter('page_referrer_parameters', 'utm_term') }} as page_referrer_utm_term,
        {{ url_parameter('page_referrer_parameters', 'utm_content') }} as page_referrer_utm_content,
        {{ url_click_id('page_referrer_parameters') }} as page_referrer_click_id,
        {{ url_click_id_type('page_referrer_parameters') }} as page_referrer_click_id_type,
        j."event_params"[list_position(event_params_key_keys, 'source')]."value"."string_value" as param_source,
        j."event_params"[list_position(event_params_key_keys, 'medium')]."value"."string_value" as param_medium,
        j."event_params"[list_position(event_params_key_keys, 'campaign')]."value"."string_value" as param_campaign,
        j."event_params"[list_position(event_params_key_keys, 'gclid')]."value"."string_value" as param_gclid,
        j."event_params"[list_position(event_params_key_keys, 'transaction_id')]."value"."string_value" as transaction_id,
        j."event_params"[list_position(event_params_key_keys, 'currency')]."value"."string_value" as param_currency,
        coalesce(cast(j."event_params"[list_position(event_params_key_keys, 'value')]."value"."double_value" as decimal(38, 9)), cast(j."event_params"[list_position(event_params_key_keys, 'value')]."value"."int_value" as decimal(38, 9))) as param_value,
        coalesce(try_cast(j."event_params"[list_position(event_params_key_keys, 'debug_mode')]."value"."int_value" as bigint), try_cast(j."event_params"[list_position(event_params_key_keys, 'debug_mode')]."value"."string_value" as bigint)) as debug_mode,
        j."collected_traffic_source"."manual_source" as manual_source,
        j."collected_traffic_source"."manual_medium" as manual_medium,
        j."collected_traffic_source"."manual_campaign_name" as manual_campaign_name,
        j."collected_traffic_source"."gclid" as gclid,
        j."privacy_info"."analytics_storage" as analytics_storage,
        j."device"."category" as device_category,
        j."geo"."country" as country,
        j."platform" as platform,
        j."stream_id" as stream_id,
        cast(j."ecommerce"."purchase_revenue" as decimal(38, 9)) as purchase_revenue,
        j."export_table" as export_table,
        (j."exported_at" at time zone 'UTC') as exported_at,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from with_parameters
)

select * from final
{% endmacro %}

{% macro snowflake__typed_ga4_export__events(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        try_parse_json(_airbyte_data) as j,
        try_parse_json(_tokens) as t
    from {{ rows }}
),

with_urls as (
    select
        *,
        filter(j:"event_params", x -> x:"key"::varchar = 'page_location')[0]:"value"."string_value"::varchar as page_location_text,
        filter(j:"event_params", x -> x:"key"::varchar = 'page_referrer')[0]:"value"."string_value"::varchar as page_referrer_text
    from parsed
),

with_parameters as (
    select
        *,
        {{ url_parameters('page_location_text') }} as page_location_parameters,
        {{ url_parameters('page_referrer_text') }} as page_referrer_parameters
    from with_urls
),

final as (
    select
        j:"event_key"::varchar as event_key,
        try_to_date(j:"event_date"::varchar, 'YYYYMMDD') as event_date,
        iff(try_cast(j:"event_timestamp"::varchar as number(38, 0)) between -62135596800000000 and 253402300799000000, to_timestamp_ntz(try_cast(j:"event_timestamp"::varchar as number(38, 0)), 6), null) as event_timestamp,
        j:"event_name"::varchar as event_name,
        try_cast(j:"event_bundle_sequence_id"::varchar as number(38, 0)) as event_bundle_sequence_id,
        j:"user_pseudo_id"::varchar as user_pseudo_id,
        t:"user_id"::varchar as user_id_token,
        coalesce(try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'ga_session_id')[0]:"value"."int_value"::varchar as number(38, 0)), try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'ga_session_id')[0]:"value"."string_value"::varchar as number(38, 0))) as ga_session_id,
        coalesce(try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'ga_session_number')[0]:"value"."int_value"::varchar as number(38, 0)), try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'ga_session_number')[0]:"value"."string_value"::varchar as number(38, 0))) as ga_session_number,
        coalesce(try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'session_engaged')[0]:"value"."int_value"::varchar as number(38, 0)), try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'session_engaged')[0]:"value"."string_value"::varchar as number(38, 0))) as session_engaged,
        try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'engagement_time_msec')[0]:"value"."int_value"::varchar as number(38, 0)) as engagement_time_msec,
        {{ url_host('page_location_text') }} as page_location_host,
        {{ url_path('page_location_text') }} as page_location_path,
        {{ url_parameter('page_location_parameters', 'utm_source') }} as page_location_utm_source,
        {{ url_parameter('page_location_parameters', 'utm_medium') }} as page_location_utm_medium,
        {{ url_parameter('page_location_parameters', 'utm_campaign') }} as page_location_utm_campaign,
        {{ url_parameter('page_location_parameters', 'utm_term') }} as page_location_utm_term,
        {{ url_parameter('page_location_parameters', 'utm_content') }} as page_location_utm_content,
        {{ url_click_id('page_location_parameters') }} as page_location_click_id,
        {{ url_click_id_type('page_location_parameters') }} as page_location_click_id_type,
        {{ url_ad_part('page_location_parameters', 'utm_id') }} as page_location_utm_id,
        {{ url_ad_part('page_location_parameters', 'campaign_id') }} as page_location_campaign_id,
        {{ url_ad_part('page_location_parameters', 'ad_group_id') }} as page_location_ad_group_id,
        {{ url_ad_part('page_location_parameters', 'ad_id') }} as page_location_ad_id,
        {{ url_host('page_referrer_text') }} as page_referrer_host,
        {{ url_path('page_referrer_text') }} as page_referrer_path,
        {{ url_parameter('page_referrer_parameters', 'utm_source') }} as page_referrer_utm_source,
        {{ url_parameter('page_referrer_parameters', 'utm_medium') }} as page_referrer_utm_medium,
        {{ url_parameter('page_referrer_parameters', 'utm_campaign') }} as page_referrer_utm_campaign,
        {{ url_parameter('page_referrer_parameters', 'utm_term') }} as page_referrer_utm_term,
        {{ url_parameter('page_referrer_parameters', 'utm_content') }} as page_referrer_utm_content,
        {{ url_click_id('page_referrer_parameters') }} as page_referrer_click_id,
        {{ url_click_id_type('page_referrer_parameters') }} as page_referrer_click_id_type,
        filter(j:"event_params", x -> x:"key"::varchar = 'source')[0]:"value"."string_value"::varchar as param_source,
        filter(j:"event_params", x -> x:"key"::varchar = 'medium')[0]:"value"."string_value"::varchar as param_medium,
        filter(j:"event_params", x -> x:"key"::varchar = 'campaign')[0]:"value"."string_value"::varchar as param_campaign,
        filter(j:"event_params", x -> x:"key"::varchar = 'gclid')[0]:"value"."string_value"::varchar as param_gclid,
        filter(j:"event_params", x -> x:"key"::varchar = 'transaction_id')[0]:"value"."string_value"::varchar as transaction_id,
        filter(j:"event_params", x -> x:"key"::varchar = 'currency')[0]:"value"."string_value"::varchar as param_currency,
        coalesce(try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'value')[0]:"value"."double_value"::varchar as number(28, 9))::number(38, 9), try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'value')[0]:"value"."int_value"::varchar as number(28, 9))::number(38, 9)) as param_value,
        coalesce(try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'debug_mode')[0]:"value"."int_value"::varchar as number(38, 0)), try_cast(filter(j:"event_params", x -> x:"key"::varchar = 'debug_mode')[0]:"value"."string_value"::varchar as number(38, 0))) as debug_mode,
        j:"collected_traffic_source"."manual_source"::varchar as manual_source,
        j:"collected_traffic_source"."manual_medium"::varchar as manual_medium,
        j:"collected_traffic_source"."manual_campaign_name"::varchar as manual_campaign_name,
        j:"collected_traffic_source"."gclid"::varchar as gclid,
        j:"privacy_info"."analytics_storage"::varchar as analytics_storage,
        j:"device"."category"::varchar as device_category,
        j:"geo"."country"::varchar as country,
        j:"platform"::varchar as platform,
        j:"stream_id"::varchar as stream_id,
        try_cast(j:"ecommerce"."purchase_revenue"::varchar as number(28, 9))::number(38, 9) as purchase_revenue,
        j:"export_table"::varchar as export_table,
        convert_timezone('UTC', try_to_timestamp_tz(j:"exported_at"::varchar))::timestamp_ntz as exported_at,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from with_parameters
)

select * from final
{% endmacro %}
