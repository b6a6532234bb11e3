{# rendered from google_ads, sha256 5af9936fdbc6d6a4d13a309d414d8d5f450baf59d3f21571f3f9c969428dfe68; change the declaration, then run `plumbline render` #}

{% macro typed_google_ads__account_performance_report(rows) %}{{ return(adapter.dispatch('typed_google_ads__account_performance_report')(rows)) }}{% endmacro %}

{% macro duckdb__typed_google_ads__account_performance_report(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"customer.currency_code":"VARCHAR","customer.descriptive_name":"VARCHAR","customer.id":"BIGINT","customer.time_zone":"VARCHAR","metrics.clicks":"BIGINT","metrics.conversions":"DECIMAL(28,9)","metrics.conversions_value":"DECIMAL(28,9)","metrics.cost_micros":"BIGINT","metrics.impressions":"BIGINT","segments.ad_network_type":"VARCHAR","segments.date":"DATE","segments.device":"VARCHAR"}') as j
    from {{ rows }}
),

final as (
    select
        j."customer.id" as customer_id,
        j."customer.descriptive_name" as customer_descriptive_name,
        j."customer.currency_code" as customer_currency_code,
        j."customer.time_zone" as customer_time_zone,
        j."segments.date" as segments_date,
        j."segments.ad_network_type" as segments_ad_network_type,
        j."segments.device" as segments_device,
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

{% macro snowflake__typed_google_ads__account_performance_report(rows) %}
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
        j:"customer.descriptive_name"::varchar as customer_descriptive_name,
        j:"customer.currency_code"::varchar as customer_currency_code,
        j:"customer.time_zone"::varchar as customer_time_zone,
        try_to_date(j:"segments.date"::varchar, 'YYYY-MM-DD') as segments_date,
        j:"segments.ad_network_type"::varchar as segments_ad_network_type,
        j:"segments.device"::varchar as segments_device,
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
