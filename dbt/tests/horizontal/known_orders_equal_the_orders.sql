-- What is known now, at the end of the histories, is what the marts show: every order and refund, with its money.
with parts as (

    select
        source,
        'order' as kind,
        order_id as record_id,
        order_date as date,
        gross_sales,
        discounts,
        shipping,
        tax,
        total as amount,
        1 as records
    from {{ as_of(ref('fct_order_history')) }} as orders

    union all

    select
        source,
        'order' as kind,
        order_id as record_id,
        order_date as date,
        -gross_sales as gross_sales,
        -discounts as discounts,
        -shipping as shipping,
        -tax as tax,
        -total as amount,
        -1 as records
    from {{ ref('fct_orders') }}

    union all

    select
        source,
        'refund' as kind,
        refund_id as record_id,
        refund_date as date,
        subtotal as gross_sales,
        0 as discounts,
        0 as shipping,
        tax,
        amount,
        1 as records
    from {{ as_of(ref('fct_refund_history')) }} as refunds

    union all

    select
        source,
        'refund' as kind,
        refund_id as record_id,
        refund_date as date,
        -subtotal as gross_sales,
        0 as discounts,
        0 as shipping,
        -tax as tax,
        -amount as amount,
        -1 as records
    from {{ ref('fct_refunds') }}

),

final as (

    select
        source,
        kind,
        record_id,
        date,
        sum(gross_sales) as gross_sales,
        sum(discounts) as discounts,
        sum(amount) as amount
    from parts
    group by source, kind, record_id, date
    having
        sum(records) <> 0
        or sum(gross_sales) <> 0
        or sum(discounts) <> 0
        or sum(shipping) <> 0
        or sum(tax) <> 0
        or sum(amount) <> 0

)

select * from final
