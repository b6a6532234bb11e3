-- Every newest order version with content is in the mart once, with all of its money.
with parts as (

    select
        count(*) as orders,
        coalesce(sum(total_price), 0) as total,
        coalesce(sum(total_discounts), 0) as discounts,
        coalesce(sum(total_tax), 0) as tax,
        coalesce(sum(total_shipping_price), 0) as shipping
    from {{ ref('int_shopify__orders') }}
    where deleted_at is null and processed_at is not null

    union all

    select
        -count(*) as orders,
        -coalesce(sum(total), 0) as total,
        -coalesce(sum(discounts), 0) as discounts,
        -coalesce(sum(tax), 0) as tax,
        -coalesce(sum(shipping), 0) as shipping
    from {{ ref('fct_orders') }}
    where source = 'shopify'

),

differences as (

    select
        sum(orders) as orders,
        sum(total) as total,
        sum(discounts) as discounts,
        sum(tax) as tax,
        sum(shipping) as shipping
    from parts

),

final as (

    select * from differences
    where orders <> 0 or total <> 0 or discounts <> 0 or tax <> 0 or shipping <> 0

)

select * from final
