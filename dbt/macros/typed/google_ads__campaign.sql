{# rendered from google_ads, sha256 5af9936fdbc6d6a4d13a309d414d8d5f450baf59d3f21571f3f9c969428dfe68; change the declaration, then run `plumbline render` #}

{% macro typed_google_ads__campaign(rows) %}{{ return(adapter.dispatch('typed_google_ads__campaign')(rows)) }}{% endmacro %}

{% macro duckdb__typed_google_ads__campaign(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"campaign.advertising_channel_type":"VARCHAR","campaign.end_date_time":"VARCHAR","campaign.id":"BIGINT","campaign.name":"VARCHAR","campaign.resource_name":"VARCHAR","campaign.start_date_time":"VARCHAR","campaign.status":"VARCHAR","campaign_budget.amount_micros":"BIGINT","customer.id":"BIGINT","metrics.clicks":"BIGINT","metrics.conversions":"DECIMAL(28,9)","metrics.conversions_value":"DECIMAL(28,9)","metrics.cost_micros":"BIGINT","metrics.impressions":"BIGINT","segments.ad_network_type":"VARCHAR","segments.date":"DATE","segments.hour":"BIGINT"}') as j
    from {{ rows }}
),

final as (
    select
        j."customer.id" as customer_id,
        j."campaign.id" as campaign_id,
        j."campaign.name" as campaign_name,
        j."campaign.status" as campaign_status,
        j."campaign.resource_name" as campaign_resource_name,
        j."campaign.advertising_channel_type" as campaign_advertising_channel_type,
        j."campaign.start_date_time" as campaign_start_date_time,
        j."campaign.end_date_time" as campaign_end_date_time,
        j."campaign_budget.amount_micros" as campaign_budget_amount_micros,
        j."segments.date" as segments_date,
        j."segments.hour" as segments_hour,
        j."segments.ad_network_type" as segments_ad_network_type,
        j."metrics.clicks" as metrics_clicks,
        j."metrics.impressions" as metrics_impressions,
        j."metrics.cost_micros" as metrics_cost_micros,
        cast(j."metrics.conversions" as decimal(38, 9)) as metrics_conversions,
        cast(j."metrics.conversions_value" as decimal(38, 9)) as metrics_conversions_value,
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

{% macro snowflake__typed_google_ads__campaign(rows) %}
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
        try_cast(j:"customer.id"::varchar as number(38, 0)) as customer_id,
        try_cast(j:"campaign.id"::varchar as number(38, 0)) as campaign_id,
        j:"campaign.name"::varchar as campaign_name,
        j:"campaign.status"::varchar as campaign_status,
        j:"campaign.resource_name"::varchar as campaign_resource_name,
        j:"campaign.advertising_channel_type"::varchar as campaign_advertising_channel_type,
        j:"campaign.start_date_time"::varchar as campaign_start_date_time,
        j:"campaign.end_date_time"::varchar as campaign_end_date_time,
        try_cast(j:"campaign_budget.amount_micros"::varchar as number(38, 0)) as campaign_budget_amount_micros,
        try_to_date(j:"segments.date"::varchar, 'YYYY-MM-DD') as segments_date,
        try_cast(j:"segments.hour"::varchar as number(38, 0)) as segments_hour,
        j:"segments.ad_network_type"::varchar as segments_ad_network_type,
        try_cast(j:"metrics.clicks"::varchar as number(38, 0)) as metrics_clicks,
        try_cast(j:"metrics.impressions"::varchar as number(38, 0)) as metrics_impressions,
        try_cast(j:"metrics.cost_micros"::varchar as number(38, 0)) as metrics_cost_micros,
        try_cast(j:"metrics.conversions"::varchar as number(28, 9))::number(38, 9) as metrics_conversions,
        try_cast(j:"metrics.conversions_value"::varchar as number(28, 9))::number(38, 9) as metrics_conversions_value,
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
