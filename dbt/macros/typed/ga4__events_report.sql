{# rendered from ga4, sha256 18922bf8a4d7dc988a15f8accd783dd5f5576f1d1fd94f9d1bef55959ae9736f; change the declaration, then run `plumbline render` #}

{% macro typed_ga4__events_report(rows) %}{{ return(adapter.dispatch('typed_ga4__events_report')(rows)) }}{% endmacro %}

{% macro duckdb__typed_ga4__events_report(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"date":"VARCHAR","eventCount":"BIGINT","eventName":"VARCHAR","property_id":"VARCHAR","totalUsers":"BIGINT"}') as j
    from {{ rows }}
),

final as (
    select
        j."property_id" as property_id,
        cast(try_strptime(j."date", '%Y%m%d') as date) as date,
        j."eventName" as eventname,
        j."eventCount" as eventcount,
        j."totalUsers" as totalusers,
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

{% macro snowflake__typed_ga4__events_report(rows) %}
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
        j:"property_id"::varchar as property_id,
        try_to_date(j:"date"::varchar, 'YYYYMMDD') as date,
        j:"eventName"::varchar as eventname,
        try_cast(j:"eventCount"::varchar as number(38, 0)) as eventcount,
        try_cast(j:"totalUsers"::varchar as number(38, 0)) as totalusers,
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
