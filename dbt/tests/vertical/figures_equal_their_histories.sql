-- All that was ever booked is what is known now: per source and day, to the last decimal.
with parts as (

    select
        source,
        date,
        spend,
        clicks,
        orders,
        net_sales
    from {{ ref('fin_figures_daily') }}

    union all

    select
        source,
        date,
        -spend as spend,
        -clicks as clicks,
        0 as orders,
        0 as net_sales
    from {{ as_of(ref('fct_ad_spend_history')) }} as ads

    union all

    select
        source,
        order_date as date,
        0 as spend,
        0 as clicks,
        -1 as orders,
        discounts - gross_sales as net_sales
    from {{ as_of(ref('fct_order_history')) }} as orders
    where not is_test

    union all

    select
        source,
        refund_date as date,
        0 as spend,
        0 as clicks,
        0 as orders,
        subtotal as net_sales
    from {{ ref('fct_refunds') }}
    where not is_test

),

final as (

    select
        source,
        date,
        sum(spend) as spend,
        sum(clicks) as clicks,
        sum(orders) as orders,
        sum(net_sales) as net_sales
    from parts
    group by source, date
    having sum(spend) <> 0 or sum(clicks) <> 0 or sum(orders) <> 0 or sum(net_sales) <> 0

)

select * from final
