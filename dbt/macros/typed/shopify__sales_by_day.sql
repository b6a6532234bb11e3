{# rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render` #}

{% macro typed_shopify__sales_by_day(rows) %}{{ return(adapter.dispatch('typed_shopify__sales_by_day')(rows)) }}{% endmacro %}

{% macro duckdb__typed_shopify__sales_by_day(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"day":"DATE","discounts":"DECIMAL(28,9)","gross_sales":"DECIMAL(28,9)","net_sales":"DECIMAL(28,9)","orders":"BIGINT","returns":"DECIMAL(28,9)","shipping":"DECIMAL(28,9)","shop_url":"VARCHAR","taxes":"DECIMAL(28,9)","total_sales":"DECIMAL(28,9)"}') as j
    from {{ rows }}
),

final as (
    select
        j."shop_url" as shop_url,
        j."day" as day,
        j."orders" as orders,
        cast(j."gross_sales" as decimal(38, 9)) as gross_sales,
        cast(j."discounts" as decimal(38, 9)) as discounts,
        cast(j."returns" as decimal(38, 9)) as returns,
        cast(j."net_sales" as decimal(38, 9)) as net_sales,
        cast(j."taxes" as decimal(38, 9)) as taxes,
        cast(j."shipping" as decimal(38, 9)) as shipping,
        cast(j."total_sales" as decimal(38, 9)) as total_sales,
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

{% macro snowflake__typed_shopify__sales_by_day(rows) %}
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
        j:"shop_url"::varchar as shop_url,
        try_to_date(j:"day"::varchar, 'YYYY-MM-DD') as day,
        try_cast(j:"orders"::varchar as number(38, 0)) as orders,
        try_cast(j:"gross_sales"::varchar as number(28, 9))::number(38, 9) as gross_sales,
        try_cast(j:"discounts"::varchar as number(28, 9))::number(38, 9) as discounts,
        try_cast(j:"returns"::varchar as number(28, 9))::number(38, 9) as returns,
        try_cast(j:"net_sales"::varchar as number(28, 9))::number(38, 9) as net_sales,
        try_cast(j:"taxes"::varchar as number(28, 9))::number(38, 9) as taxes,
        try_cast(j:"shipping"::varchar as number(28, 9))::number(38, 9) as shipping,
        try_cast(j:"total_sales"::varchar as number(28, 9))::number(38, 9) as total_sales,
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
