{# rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render` #}

{% macro typed_meta_ads__ads_insights(rows) %}{{ return(adapter.dispatch('typed_meta_ads__ads_insights')(rows)) }}{% endmacro %}

{% macro duckdb__typed_meta_ads__ads_insights(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"account_currency":"VARCHAR","account_id":"VARCHAR","account_name":"VARCHAR","action_values":[{"1d_view":"DECIMAL(28,9)","action_type":"VARCHAR","value":"DECIMAL(28,9)"}],"actions":[{"1d_view":"DECIMAL(28,9)","action_type":"VARCHAR","value":"DECIMAL(28,9)"}],"ad_id":"VARCHAR","ad_name":"VARCHAR","adset_id":"VARCHAR","adset_name":"VARCHAR","campaign_id":"VARCHAR","campaign_name":"VARCHAR","clicks":"BIGINT","date_start":"DATE","date_stop":"DATE","impressions":"BIGINT","inline_link_clicks":"BIGINT","objective":"VARCHAR","outbound_clicks":[{"action_type":"VARCHAR","value":"BIGINT"}],"reach":"BIGINT","spend":"DECIMAL(28,9)"}') as j
    from {{ rows }}
),

with_keys as (
    select
        *,
        [x."action_type" for x in j."outbound_clicks"] as outbound_clicks_action_type_keys,
        [x."action_type" for x in j."actions"] as actions_action_type_keys,
        [x."action_type" for x in j."action_values"] as action_values_action_type_keys
    from parsed
),

final as (
    select
        j."account_id" as account_id,
        j."account_name" as account_name,
        j."account_currency" as account_currency,
        j."campaign_id" as campaign_id,
        j."campaign_name" as campaign_name,
        j."adset_id" as adset_id,
        j."adset_name" as adset_name,
        j."ad_id" as ad_id,
        j."ad_name" as ad_name,
        j."date_start" as date_start,
        j."date_stop" as date_stop,
        j."objective" as objective,
        cast(j."spend" as decimal(38, 9)) as spend,
        j."impressions" as impressions,
        j."reach" as reach,
        j."clicks" as clicks,
        j."inline_link_clicks" as inline_link_clicks,
        j."outbound_clicks"[list_position(outbound_clicks_action_type_keys, 'outbound_click')]."value" as outbound_clicks,
        cast(j."actions"[list_position(actions_action_type_keys, 'omni_purchase')]."value" as decimal(38, 9)) as purchases,
        cast(j."action_values"[list_position(action_values_action_type_keys, 'omni_purchase')]."value" as decimal(38, 9)) as purchase_value,
        cast(j."actions"[list_position(actions_action_type_keys, 'omni_purchase')]."1d_view" as decimal(38, 9)) as purchases_viewed,
        cast(j."action_values"[list_position(action_values_action_type_keys, 'omni_purchase')]."1d_view" as decimal(38, 9)) as purchase_value_viewed,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from with_keys
)

select * from final
{% endmacro %}

{% macro snowflake__typed_meta_ads__ads_insights(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        try_parse_json(_airbyte_data) as j
    from {{ rows }}
),

final as (
    select
        j:"account_id"::varchar as account_id,
        j:"account_name"::varchar as account_name,
        j:"account_currency"::varchar as account_currency,
        j:"campaign_id"::varchar as campaign_id,
        j:"campaign_name"::varchar as campaign_name,
        j:"adset_id"::varchar as adset_id,
        j:"adset_name"::varchar as adset_name,
        j:"ad_id"::varchar as ad_id,
        j:"ad_name"::varchar as ad_name,
        try_to_date(j:"date_start"::varchar, 'YYYY-MM-DD') as date_start,
        try_to_date(j:"date_stop"::varchar, 'YYYY-MM-DD') as date_stop,
        j:"objective"::varchar as objective,
        try_cast(j:"spend"::varchar as number(28, 9))::number(38, 9) as spend,
        try_cast(j:"impressions"::varchar as number(38, 0)) as impressions,
        try_cast(j:"reach"::varchar as number(38, 0)) as reach,
        try_cast(j:"clicks"::varchar as number(38, 0)) as clicks,
        try_cast(j:"inline_link_clicks"::varchar as number(38, 0)) as inline_link_clicks,
        try_cast(filter(j:"outbound_clicks", x -> x:"action_type"::varchar = 'outbound_click')[0]:"value"::varchar as number(38, 0)) as outbound_clicks,
        try_cast(filter(j:"actions", x -> x:"action_type"::varchar = 'omni_purchase')[0]:"value"::varchar as number(28, 9))::number(38, 9) as purchases,
        try_cast(filter(j:"action_values", x -> x:"action_type"::varchar = 'omni_purchase')[0]:"value"::varchar as number(28, 9))::number(38, 9) as purchase_value,
        try_cast(filter(j:"actions", x -> x:"action_type"::varchar = 'omni_purchase')[0]:"1d_view"::varchar as number(28, 9))::number(38, 9) as purchases_viewed,
        try_cast(filter(j:"action_values", x -> x:"action_type"::varchar = 'omni_purchase')[0]:"1d_view"::varchar as number(28, 9))::number(38, 9) as purchase_value_viewed,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from parsed
)

select * from final
{% endmacro %}
