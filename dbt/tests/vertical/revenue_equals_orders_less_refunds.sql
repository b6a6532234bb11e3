-- On the clocks of orders and of refunds every day holds what its orders and its refunds say.
with parts as (

    select
        booked_on as day,
        gross_sales,
        discounts,
        returns,
        shipping,
        tax,
        orders
    from {{ ref('fin_revenue_daily') }}
    where basis = 'refund_date'

    union all

    select
        order_date as day,
        -gross_sales as gross_sales,
        -discounts as discounts,
        0 as returns,
        -shipping as shipping,
        -tax as tax,
        -1 as orders
    from {{ ref('fct_orders') }}
    where not is_test

    union all

    select
        refund_date as day,
        0 as gross_sales,
        0 as discounts,
        -subtotal as returns,
        shipping,
        tax,
        0 as orders
    from {{ ref('fct_refunds') }}
    where not is_test

),

final as (

    select day
    from parts
    group by day
    having
        sum(gross_sales) <> 0
        or sum(discounts) <> 0
        or sum(returns) <> 0
        or sum(shipping) <> 0
        or sum(tax) <> 0
        or sum(orders) <> 0

)

select * from final
