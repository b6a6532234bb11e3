{# rendered from ga4_export, sha256 24f0ab503d36f1d2a28845aff6b18e22c835822d34a39a734e80035618be1c6e; change the declaration, then run `plumbline render` #}

{% macro typed_ga4_export__events_control(rows) %}{{ return(adapter.dispatch('typed_ga4_export__events_control')(rows)) }}{% endmacro %}

{% macro duckdb__typed_ga4_export__events_control(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"counted_at":"TIMESTAMPTZ","event_date":"VARCHAR","export_table":"VARCHAR","purchases":"BIGINT","revenue":"DECIMAL(28,9)","rows":"BIGINT"}') as j
    from {{ rows }}
),

final as (
    select
        j."export_table" as export_table,
        cast(try_strptime(j."event_date", '%Y%m%d') as date) as event_date,
        j."rows" as row_count,
        j."purchases" as purchases,
        cast(j."revenue" as decimal(38, 9)) as revenue,
        (j."counted_at" at time zone 'UTC') as counted_at,
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

{% macro snowflake__typed_ga4_export__events_control(rows) %}
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
        j:"export_table"::varchar as export_table,
        try_to_date(j:"event_date"::varchar, 'YYYYMMDD') as event_date,
        try_cast(j:"rows"::varchar as number(38, 0)) as row_count,
        try_cast(j:"purchases"::varchar as number(38, 0)) as purchases,
        try_cast(j:"revenue"::varchar as number(28, 9))::number(38, 9) as revenue,
        convert_timezone('UTC', try_to_timestamp_tz(j:"counted_at"::varchar))::timestamp_ntz as counted_at,
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
