{# rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render` #}

{% macro typed_meta_ads__ads_insights_account(rows) %}{{ return(adapter.dispatch('typed_meta_ads__ads_insights_account')(rows)) }}{% endmacro %}

{% macro duckdb__typed_meta_ads__ads_insights_account(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"account_currency":"VARCHAR","account_id":"VARCHAR","account_name":"VARCHAR","clicks":"BIGINT","date_start":"DATE","date_stop":"DATE","impressions":"BIGINT","inline_link_clicks":"BIGINT","spend":"DECIMAL(28,9)"}') as j
    from {{ rows }}
),

final as (
    select
        j."account_id" as account_id,
        j."account_name" as account_name,
        j."account_currency" as account_currency,
        j."date_start" as date_start,
        j."date_stop" as date_stop,
        cast(j."spend" as decimal(38, 9)) as spend,
        j."impressions" as impressions,
        j."clicks" as clicks,
        j."inline_link_clicks" as inline_link_clicks,
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

{% macro snowflake__typed_meta_ads__ads_insights_account(rows) %}
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
        try_to_date(j:"date_start"::varchar, 'YYYY-MM-DD') as date_start,
        try_to_date(j:"date_stop"::varchar, 'YYYY-MM-DD') as date_stop,
        try_cast(j:"spend"::varchar as number(28, 9))::number(38, 9) as spend,
        try_cast(j:"impressions"::varchar as number(38, 0)) as impressions,
        try_cast(j:"clicks"::varchar as number(38, 0)) as clicks,
        try_cast(j:"inline_link_clicks"::varchar as number(38, 0)) as inline_link_clicks,
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
