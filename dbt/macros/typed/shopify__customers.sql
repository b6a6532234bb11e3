{# rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render` #}

{% macro typed_shopify__customers(rows) %}{{ return(adapter.dispatch('typed_shopify__customers')(rows)) }}{% endmacro %}

{% macro duckdb__typed_shopify__customers(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"created_at":"TIMESTAMPTZ","currency":"VARCHAR","id":"BIGINT","last_order_id":"BIGINT","orders_count":"BIGINT","shop_url":"VARCHAR","state":"VARCHAR","tax_exempt":"VARCHAR","total_spent":"DECIMAL(28,9)","updated_at":"TIMESTAMPTZ","verified_email":"VARCHAR"}') as j,
        from_json(_tokens, '{"email":"VARCHAR","phone":"VARCHAR"}') as t
    from {{ rows }}
),

final as (
    select
        j."id" as id,
        j."shop_url" as shop_url,
        (j."created_at" at time zone 'UTC') as created_at,
        (j."updated_at" at time zone 'UTC') as updated_at,
        t."email" as email_token,
        t."phone" as phone_token,
        j."state" as state,
        j."currency" as currency,
        j."orders_count" as orders_count,
        cast(j."total_spent" as decimal(38, 9)) as total_spent,
        j."last_order_id" as last_order_id,
        try_cast(j."verified_email" as boolean) as verified_email,
        try_cast(j."tax_exempt" as boolean) as tax_exempt,
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

{% macro snowflake__typed_shopify__customers(rows) %}
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

final as (
    select
        try_cast(j:"id"::varchar as number(38, 0)) as id,
        j:"shop_url"::varchar as shop_url,
        convert_timezone('UTC', try_to_timestamp_tz(j:"created_at"::varchar))::timestamp_ntz as created_at,
        convert_timezone('UTC', try_to_timestamp_tz(j:"updated_at"::varchar))::timestamp_ntz as updated_at,
        t:"email"::varchar as email_token,
        t:"phone"::varchar as phone_token,
        j:"state"::varchar as state,
        j:"currency"::varchar as currency,
        try_cast(j:"orders_count"::varchar as number(38, 0)) as orders_count,
        try_cast(j:"total_spent"::varchar as number(28, 9))::number(38, 9) as total_spent,
        try_cast(j:"last_order_id"::varchar as number(38, 0)) as last_order_id,
        try_cast(j:"verified_email"::varchar as boolean) as verified_email,
        try_cast(j:"tax_exempt"::varchar as boolean) as tax_exempt,
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
