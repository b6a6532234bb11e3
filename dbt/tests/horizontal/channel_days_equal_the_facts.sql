-- The aggregate and the facts of its layer say the same, day by day.
with parts as (

    select
        date,
        spend,
        clicks,
        sessions,
        leads,
        orders,
        new_customers,
        net_sales
    from {{ ref('agg_channel_daily') }}

    union all

    select
        date,
        -spend_reporting as spend,
        -clicks as clicks,
        0 as sessions,
        0 as leads,
        0 as orders,
        0 as new_customers,
        0 as net_sales
    from {{ ref('fct_ad_performance') }}

    union all

    select
        session_date as date,
        0 as spend,
        0 as clicks,
        -1 as sessions,
        0 as leads,
        0 as orders,
        0 as new_customers,
        0 as net_sales
    from {{ ref('fct_sessions') }}

    union all

    select
        entered_date as date,
        0 as spend,
        0 as clicks,
        0 as sessions,
        -1 as leads,
        0 as orders,
        0 as new_customers,
        0 as net_sales
    from {{ ref('fct_leads') }}
    where stage = 'lead'

    union all

    select
        order_date as date,
        0 as spend,
        0 as clicks,
        0 as sessions,
        0 as leads,
        -1 as orders,
        case when is_new_customer then -1 else 0 end as new_customers,
        {{ money('discounts * fx_rate') }} - {{ money('gross_sales * fx_rate') }} as net_sales
    from {{ ref('fct_orders') }}
    where not is_test

    union all

    select
        refund_date as date,
        0 as spend,
        0 as clicks,
        0 as sessions,
        0 as leads,
        0 as orders,
        0 as new_customers,
        {{ money('subtotal * fx_rate') }} as net_sales
    from {{ ref('fct_refunds') }}
    where not is_test

),

final as (

    select
        date,
        sum(spend) as spend,
        sum(clicks) as clicks,
        sum(sessions) as sessions,
        sum(leads) as leads,
        sum(orders) as orders,
        sum(new_customers) as new_customers,
        sum(net_sales) as net_sales
    from parts
    group by date
    having
        sum(spend) <> 0
        or sum(clicks) <> 0
        or sum(sessions) <> 0
        or sum(leads) <> 0
        or sum(orders) <> 0
        or sum(new_customers) <> 0
        or sum(net_sales) <> 0

)

select * from final
