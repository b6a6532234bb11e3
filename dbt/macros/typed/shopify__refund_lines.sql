{# rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render` #}

{% macro rows_shopify__refund_lines(parents) %}{{ return(adapter.dispatch('rows_shopify__refund_lines')(parents)) }}{% endmacro %}

{% macro duckdb__rows_shopify__refund_lines(parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
        parents.shop_url as shop_url,
        parents.id as refund_id,
        parents.order_id as order_id,
        unnest(refund_lines) as item,
        generate_subscripts(refund_lines, 1) as position,
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
        refund_id,
        order_id,
        position,
        item."id" as refund_line_id,
        item."line_item_id" as line_id,
        try_cast(item."quantity" as bigint) as quantity,
        cast(item."subtotal" as decimal(38, 9)) as subtotal,
        cast(item."total_tax" as decimal(38, 9)) as tax,
        item."restock_type" as restock_type,
        try_cast(item."line_item"."gift_card" as boolean) as gift_card,
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

{% macro snowflake__rows_shopify__refund_lines(parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
        parents.shop_url as shop_url,
        parents.id as refund_id,
        parents.order_id as order_id,
        elements.value as item,
        elements.index + 1 as position,
        parents._sync_id,
        parents._extracted_at,
        parents._source_file,
        parents._source_row,
        parents._load_seq,
        parents._changes
    from parents, lateral flatten(input => parents.refund_lines) as elements
),

final as (
    select
        shop_url,
        refund_id,
        order_id,
        position,
        try_cast(item:"id"::varchar as number(38, 0)) as refund_line_id,
        try_cast(item:"line_item_id"::varchar as number(38, 0)) as line_id,
        try_cast(item:"quantity"::varchar as number(38, 0)) as quantity,
        try_cast(item:"subtotal"::varchar as number(28, 9))::number(38, 9) as subtotal,
        try_cast(item:"total_tax"::varchar as number(28, 9))::number(38, 9) as tax,
        item:"restock_type"::varchar as restock_type,
        try_cast(item:"line_item"."gift_card"::varchar as boolean) as gift_card,
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
