-- The lines of an order hold its goods, to the cent; an order whose payload has no lines has none here.
with lines as (

    select
        source,
        shop_id,
        order_id,
        sum(case when is_gift_card then 0 else gross_sales end) as gross_sales,
        sum(case when is_gift_card then 0 else discounts end) as discounts,
        sum(case when is_gift_card then net_sales else 0 end) as gift_card_sales
    from {{ ref('fct_order_lines') }}
    group by source, shop_id, order_id

),

orders as (

    select * from {{ ref('fct_orders') }}

),

final as (

    select
        lines.source,
        lines.shop_id,
        lines.order_id
    from lines
    left join orders
        on lines.source = orders.source and lines.shop_id = orders.shop_id and lines.order_id = orders.order_id
    where
        orders.order_id is null
        or lines.gross_sales <> orders.gross_sales
        or lines.discounts <> orders.discounts
        or lines.gift_card_sales <> orders.gift_card_sales

)

select * from final
