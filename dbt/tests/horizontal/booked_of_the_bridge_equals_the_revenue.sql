-- Where the bridge ends, the revenue of the day stands, by either clock. It adds up unrounded amounts, the bridge whole
-- cents: half a cent for each sale and refund in another currency is not a difference.
with booked as (

    select
        basis,
        period_start as booked_on,
        amount_cents,
        orders
    from {{ ref('fin_revenue_bridge') }}
    where period_type = 'day' and step = 'booked_net_sales'

),

revenue as (

    select
        basis,
        booked_on,
        sum(net_sales_reporting) as net_sales,
        sum(orders) as orders
    from {{ ref('fin_revenue_daily') }}
    where basis in ('order_date', 'refund_date')
    group by basis, booked_on

),

foreign_entries as (

    select
        order_date as booked_on,
        count(*) as entries
    from {{ ref('fct_orders') }}
    where currency <> '{{ reporting_currency() }}'
    group by order_date

    union all

    select
        refund_date as booked_on,
        count(*) as entries
    from {{ ref('fct_refunds') }}
    where currency <> '{{ reporting_currency() }}'
    group by refund_date

    union all

    select
        order_date as booked_on,
        count(*) as entries
    from {{ ref('fct_refunds') }}
    where currency <> '{{ reporting_currency() }}'
    group by order_date

),

rounded as (

    select
        booked_on,
        sum(entries) as entries
    from foreign_entries
    group by booked_on

),

final as (

    select
        coalesce(booked.basis, revenue.basis) as basis,
        coalesce(booked.booked_on, revenue.booked_on) as booked_on,
        booked.amount_cents,
        revenue.net_sales,
        booked.orders,
        revenue.orders as revenue_orders
    from booked
    full outer join revenue on booked.basis = revenue.basis and booked.booked_on = revenue.booked_on
    left join rounded on coalesce(booked.booked_on, revenue.booked_on) = rounded.booked_on
    where
        abs(coalesce(booked.amount_cents, 0) - coalesce(revenue.net_sales, 0) * 100) > coalesce(rounded.entries, 0) * 0.5
        or coalesce(booked.orders, 0) <> coalesce(revenue.orders, 0)

)

select * from final
