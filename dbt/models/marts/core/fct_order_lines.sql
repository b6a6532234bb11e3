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

orders as {{ inlined() }} (

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

made as (

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

{% if is_incremental() -%}
-- An order that left is a row of nothing but its key: the strategy removes its lines with it.
gone as (

    select distinct
        known.source,
        known.shop_id,
        known.order_id
    from {{ this }} as known
    left join orders
        on known.source = orders.source and known.shop_id = orders.shop_id and known.order_id = orders.order_id
    where orders.order_id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
