{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['source', 'shop_id', 'order_id']
) }}

with lines as (

    {% for source in sources_providing('order_lines') -%}
    select
        source,
        shop_id,
        order_id,
        line_id,
        line_number,
        product_id,
        variant_id,
        sku,
        product_title,
        vendor,
        is_gift_card,
        currency,
        quantity,
        price,
        gross_sales,
        discounts,
        tax,
        net_sales,
        extracted_at,
        _load_seq
    from {{ ref(source ~ '__order_lines') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

-- Orders of which a new version was loaded; their lines are written again.
touched as (

    select *
    from lines
    {% if is_incremental() -%}
    where _load_seq > {{ known_load_seq(this) }}
    {%- endif %}

),

described as (

    select
        touched.source,
        touched.shop_id,
        touched.order_id,
        touched.line_id,
        touched.line_number,
        orders.order_date,
        coalesce(orders.is_test, false) as is_test,
        touched.product_id,
        touched.variant_id,
        touched.sku,
        touched.product_title,
        touched.vendor,
        touched.is_gift_card,
        touched.currency,
        touched.quantity,
        touched.price,
        touched.gross_sales,
        touched.discounts,
        touched.tax,
        touched.net_sales,
        touched.extracted_at,
        touched._load_seq
    from touched
    inner join orders
        on
            touched.source = orders.source
            and touched.shop_id = orders.shop_id
            and touched.order_id = orders.order_id

),

-- An order that left is a row of nothing but its key: the strategy removes its lines with it.
final as (

    select * from described
    {% if is_incremental() -%}
    union all
    select distinct
        built.source,
        built.shop_id,
        built.order_id,
        null as line_id,
        null as line_number,
        null as order_date,
        null as is_test,
        null as product_id,
        null as variant_id,
        null as sku,
        null as product_title,
        null as vendor,
        null as is_gift_card,
        null as currency,
        null as quantity,
        null as price,
        null as gross_sales,
        null as discounts,
        null as tax,
        null as net_sales,
        null as extracted_at,
        null as _load_seq
    from {{ this }} as built
    left join orders
        on built.source = orders.source and built.shop_id = orders.shop_id and built.order_id = orders.order_id
    where orders.order_id is null
    {%- endif %}

)

select * from final
