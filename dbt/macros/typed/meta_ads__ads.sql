{# rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render` #}

{% macro typed_meta_ads__ads(rows) %}{{ return(adapter.dispatch('typed_meta_ads__ads')(rows)) }}{% endmacro %}

{% macro duckdb__typed_meta_ads__ads(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"account_id":"VARCHAR","adset_id":"VARCHAR","campaign_id":"VARCHAR","created_time":"TIMESTAMPTZ","creative":{"id":"VARCHAR"},"effective_status":"VARCHAR","id":"VARCHAR","name":"VARCHAR","status":"VARCHAR","updated_time":"TIMESTAMPTZ"}') as j
    from {{ rows }}
),

final as (
    select
        j."id" as id,
        j."account_id" as account_id,
        j."campaign_id" as campaign_id,
        j."adset_id" as adset_id,
        j."name" as name,
        j."status" as status,
        j."effective_status" as effective_status,
        j."creative"."id" as creative_id,
        (j."created_time" at time zone 'UTC') as created_time,
        (j."updated_time" at time zone 'UTC') as updated_time,
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

{% macro snowflake__typed_meta_ads__ads(rows) %}
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
        j:"campaign_id"::varchar as campaign_id,
        j:"adset_id"::varchar as adset_id,
        j:"name"::varchar as name,
        j:"status"::varchar as status,
        j:"effective_status"::varchar as effective_status,
        j:"creative"."id"::varchar as creative_id,
        convert_timezone('UTC', try_to_timestamp_tz(j:"created_time"::varchar))::timestamp_ntz as created_time,
        convert_timezone('UTC', try_to_timestamp_tz(j:"updated_time"::varchar))::timestamp_ntz as updated_time,
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
