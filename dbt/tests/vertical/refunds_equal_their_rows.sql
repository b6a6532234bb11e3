with parts as (

    select
        count(*) as refunds,
        coalesce(sum(refund_subtotal), 0) as subtotal,
        coalesce(sum(refund_amount), 0) as amount
    from {{ ref('int_shopify__order_refunds') }}

    union all

    select
        -count(*) as refunds,
        -coalesce(sum(subtotal), 0) as subtotal,
        -coalesce(sum(amount), 0) as amount
    from {{ ref('fct_refunds') }}
    where source = 'shopify'

),

differences as (

    select
        sum(refunds) as refunds,
        sum(subtotal) as subtotal,
        sum(amount) as amount
    from parts

),

final as (

    select * from differences
    where refunds <> 0 or subtotal <> 0 or amount <> 0

)

select * from final
