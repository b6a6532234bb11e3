-- The two clocks hold the same returns: by order, and by refund for refunds whose order is known.
with orders as (

    select coalesce(sum(returns), 0) as returns
    from {{ ref('fct_orders') }}

),

refunds as (

    select coalesce(sum(subtotal), 0) as returns
    from {{ ref('fct_refunds') }}
    where has_order

),

final as (

    select
        orders.returns,
        refunds.returns as returns_by_refund
    from orders
    cross join refunds
    where orders.returns <> refunds.returns

)

select * from final
