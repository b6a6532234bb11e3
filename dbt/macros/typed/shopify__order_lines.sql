{# rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render` #}

{% macro rows_shopify__order_lines(parents) %}{{ return(adapter.dispatch('rows_shopify__order_lines')(parents)) }}{% endmacro %}

{% macro duckdb__rows_shopify__order_lines(parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
        parents.shop_url as shop_url,
        parents.id as order_id,
        parents.currency as currency,
        parents.taxes_included as taxes_included,
        unnest(order_lines) as item,
        generate_subscripts(order_lines, 1) as position,
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
        item."product_id" as product_id,
        item."variant_id" as variant_id,
        item."sku" as sku,
        item."title" as title,
        item."vendor" as vendor,
        try_cast(item."quantity" as bigint) as quantity,
        cast(item."price" as decimal(38, 9)) as price,
        try_cast(item."gift_card" as boolean) as gift_card,
        try_cast(list_sum([x."amount" for x in item."discount_allocations"]) as decimal(38, 9)) as discount,
        cast(item."total_discount" as decimal(38, 9)) as total_discount,
        try_cast(list_sum([x."price" for x in item."tax_lines"]) as decimal(38, 9)) as tax,
        try_cast(list_sum([x."rate" for x in item."tax_lines"]) as decimal(38, 9)) as tax_rate,
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

{% macro snowflake__rows_shopify__order_lines(parents) %}
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
    from parents, lateral flatten(input => parents.order_lines) as elements
),

final as (
    select
        shop_url,
        order_id,
        currency,
        taxes_included,
        position,
        try_cast(item:"id"::varchar as number(38, 0)) as line_id,
        try_cast(item:"product_id"::varchar as number(38, 0)) as product_id,
        try_cast(item:"variant_id"::varchar as number(38, 0)) as variant_id,
        item:"sku"::varchar as sku,
        item:"title"::varchar as title,
        item:"vendor"::varchar as vendor,
        try_cast(item:"quantity"::varchar as number(38, 0)) as quantity,
        try_cast(item:"price"::varchar as number(28, 9))::number(38, 9) as price,
        try_cast(item:"gift_card"::varchar as boolean) as gift_card,
        iff(array_size(item:"discount_allocations") > 0 and array_size(filter(item:"discount_allocations", x -> x:"amount"::varchar is not null and try_cast(x:"amount"::varchar as number(28, 9)) is null)) = 0, reduce(item:"discount_allocations", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"amount"::varchar as number(28, 9)), 0)), null)::number(38, 9) as discount,
        try_cast(item:"total_discount"::varchar as number(28, 9))::number(38, 9) as total_discount,
        iff(array_size(item:"tax_lines") > 0 and array_size(filter(item:"tax_lines", x -> x:"price"::varchar is not null and try_cast(x:"price"::varchar as number(28, 9)) is null)) = 0, reduce(item:"tax_lines", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"price"::varchar as number(28, 9)), 0)), null)::number(38, 9) as tax,
        iff(array_size(item:"tax_lines") > 0 and array_size(filter(item:"tax_lines", x -> x:"rate"::varchar is not null and try_cast(x:"rate"::varchar as number(28, 9)) is null)) = 0, reduce(item:"tax_lines", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"rate"::varchar as number(28, 9)), 0)), null)::number(38, 9) as tax_rate,
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
