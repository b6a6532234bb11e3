{# rendered from hubspot, sha256 0eecda72304930dc211a57898316744bfeb21a8e3acd77451700be4f7090408f; change the declaration, then run `plumbline render` #}

{% macro typed_hubspot__contacts_count_by_day(rows) %}{{ return(adapter.dispatch('typed_hubspot__contacts_count_by_day')(rows)) }}{% endmacro %}

{% macro duckdb__typed_hubspot__contacts_count_by_day(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"contacts":"BIGINT","created_on":"DATE"}') as j
    from {{ rows }}
),

final as (
    select
        j."created_on" as created_on,
        j."contacts" as contacts,
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

{% macro snowflake__typed_hubspot__contacts_count_by_day(rows) %}
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
        try_to_date(j:"created_on"::varchar, 'YYYY-MM-DD') as created_on,
        try_cast(j:"contacts"::varchar as number(38, 0)) as contacts,
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
