{# rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render` #}

{% macro rows_shopify__order_shipping_lines(parents) %}{{ return(adapter.dispatch('rows_shopify__order_shipping_lines')(parents)) }}{% endmacro %}

{% macro duckdb__rows_shopify__order_shipping_lines(parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
        parents.shop_url as shop_url,
        parents.id as order_id,
        parents.currency as currency,
        parents.taxes_included as taxes_included,
        unnest(order_shipping_lines) as item,
        generate_subscripts(order_shipping_lines, 1) as position,
        parents._sync_id,
        parents._extracted_at,
        parents._source_file,
        parents._source_row,
        parents._load_seq,
        parents._changes
    from parents
),

final as (
    select
        shop_url,
        order_id,
        currency,
        taxes_included,
        position,
        item."id" as line_id,
        item."title" as title,
        cast(item."price" as decimal(38, 9)) as price,
        cast(item."discounted_price" as decimal(38, 9)) as discounted_price,
        try_cast(list_sum([x."price" for x in item."tax_lines"]) as decimal(38, 9)) as tax,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from opened
)

select * from final
{% endmacro %}

{% macro snowflake__rows_shopify__order_shipping_lines(parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
        parents.shop_url as shop_url,
        parents.id as order_id,
        parents.currency as currency,
        parents.taxes_included as taxes_included,
        elements.value as item,
        elements.index + 1 as position,
        parents._sync_id,
        parents._extracted_at,
        parents._source_file,
        parents._source_row,
        parents._load_seq,
        parents._changes
    from parents, lateral flatten(input => parents.order_shipping_lines) as elements
),

final as (
    select
        shop_url,
        order_id,
        currency,
        taxes_included,
        position,
        try_cast(item:"id"::varchar as number(38, 0)) as line_id,
        item:"title"::varchar as title,
        try_cast(item:"price"::varchar as number(28, 9))::number(38, 9) as price,
        try_cast(item:"discounted_price"::varchar as number(28, 9))::number(38, 9) as discounted_price,
        iff(array_size(item:"tax_lines") > 0 and array_size(filter(item:"tax_lines", x -> x:"price"::varchar is not null and try_cast(x:"price"::varchar as number(28, 9)) is null)) = 0, reduce(item:"tax_lines", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"price"::varchar as number(28, 9)), 0)), null)::number(38, 9) as tax,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from opened
)

select * from final
{% endmacro %}
