-- Every newest order version with content is in the mart once, with all of its money. The totals of an edited order are
-- those of the order as it was placed; its lines are looked after by order_lines_make_their_orders.
with versions as (

    select * from {{ ref('int_shopify__orders') }}
    where deleted_at is null and processed_at is not null

),

orders as (

    select * from {{ ref('fct_orders') }}
    where source = 'shopify'

),

parts as (

    select
        1 as orders,
        case when coalesce(added_price, 0) = 0 then coalesce(total_price, 0) else 0 end as total,
        case when coalesce(added_price, 0) = 0 then coalesce(total_tax, 0) else 0 end as tax
    from versions

    union all

    select
        -1 as orders,
        case when is_edited then 0 else -total end as total,
        case when is_edited then 0 else -tax end as tax
    from orders

),

differences as (

    select
        sum(orders) as orders,
        sum(total) as total,
        sum(tax) as tax
    from parts

),

final as (

    select * from differences
    where orders <> 0 or total <> 0 or tax <> 0

)

select * from final
