{# rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render` #}

{% macro typed_meta_ads__ad_account(rows) %}{{ return(adapter.dispatch('typed_meta_ads__ad_account')(rows)) }}{% endmacro %}

{% macro duckdb__typed_meta_ads__ad_account(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"account_id":"VARCHAR","account_status":"BIGINT","created_time":"TIMESTAMPTZ","currency":"VARCHAR","id":"VARCHAR","name":"VARCHAR","timezone_name":"VARCHAR"}') as j
    from {{ rows }}
),

final as (
    select
        j."id" as id,
        j."account_id" as account_id,
        j."name" as name,
        j."currency" as currency,
        j."timezone_name" as timezone_name,
        j."account_status" as account_status,
        (j."created_time" at time zone 'UTC') as created_time,
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

{% macro snowflake__typed_meta_ads__ad_account(rows) %}
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
        j:"id"::varchar as id,
        j:"account_id"::varchar as account_id,
        j:"name"::varchar as name,
        j:"currency"::varchar as currency,
        j:"timezone_name"::varchar as timezone_name,
        try_cast(j:"account_status"::varchar as number(38, 0)) as account_status,
        convert_timezone('UTC', try_to_timestamp_tz(j:"created_time"::varchar))::timestamp_ntz as created_time,
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
