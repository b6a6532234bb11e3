-- The bridge begins at what the platforms report and ends at the books, and its rows add up to its steps, by day and month.
with bridge as (

    select * from {{ ref('fin_revenue_bridge') }}

),

drilled as (

    select
        basis,
        day,
        month,
        step,
        step_in_month,
        amount_cents,
        orders
    from {{ ref('fin_revenue_bridge_orders') }}

),

sales as (

    select
        order_date as day,
        sum({{ reporting_cents('gross_sales - discounts', 'fx_rate') }}) as amount_cents,
        count(*) as orders
    from {{ ref('fct_orders') }}
    where not is_test
    group by order_date

),

returned as (

    select
        refund_date as day,
        sum({{ reporting_cents('subtotal', 'fx_rate') }}) as amount_cents
    from {{ ref('fct_refunds') }}
    where not is_test
    group by refund_date

),

claimed as (

    select
        date as day,
        sum({{ reporting_cents('platform_conversion_value', 'fx_rate') }}) as amount_cents,
        sum(platform_conversions) as orders
    from {{ ref('fct_ad_performance') }}
    group by date

),

ends as (

    select
        day,
        'claimed' as step,
        amount_cents,
        orders
    from claimed

    union all

    select
        coalesce(sales.day, returned.day) as day,
        'booked_net_sales' as step,
        coalesce(sales.amount_cents, 0) - coalesce(returned.amount_cents, 0) as amount_cents,
        coalesce(sales.orders, 0) as orders
    from sales
    full outer join returned on sales.day = returned.day

),

expected as (

    select
        'day' as period_type,
        basis,
        day as period_start,
        step,
        amount_cents,
        orders
    from drilled

    union all

    select
        'month' as period_type,
        basis,
        month as period_start,
        step_in_month as step,
        amount_cents,
        orders
    from drilled

    union all

    select
        'day' as period_type,
        'refund_date' as basis,
        day as period_start,
        step,
        amount_cents,
        orders
    from ends
    where step = 'booked_net_sales'

    union all

    select
        'month' as period_type,
        'refund_date' as basis,
        {{ month_of('day') }} as period_start,
        step,
        amount_cents,
        orders
    from ends
    where step = 'booked_net_sales'

),

-- What is claimed is said by two: by the platforms' days and by the rows.
compared as (

    select
        period_type,
        basis,
        period_start,
        step,
        sum(amount_cents) as expected_cents,
        sum(orders) as expected_orders,
        0 as shown_cents,
        0 as shown_orders
    from expected
    group by period_type, basis, period_start, step

    union all

    select
        'day' as period_type,
        'both' as basis,
        day as period_start,
        step,
        2 * amount_cents as expected_cents,
        2 * orders as expected_orders,
        0 as shown_cents,
        0 as shown_orders
    from ends
    where step = 'claimed'

    union all

    select
        period_type,
        basis,
        period_start,
        step,
        0 as expected_cents,
        0 as expected_orders,
        amount_cents as shown_cents,
        orders as shown_orders
    from bridge
    where step <> 'residual' and (step <> 'booked_net_sales' or basis = 'refund_date')

    union all

    select
        'day' as period_type,
        'both' as basis,
        period_start,
        step,
        0 as expected_cents,
        0 as expected_orders,
        amount_cents as shown_cents,
        orders as shown_orders
    from bridge
    where step = 'claimed' and period_type = 'day'

),

final as (

    select
        period_type,
        basis,
        period_start,
        step,
        sum(expected_cents) as expected_cents,
        sum(shown_cents) as shown_cents,
        sum(expected_orders) as expected_orders,
        sum(shown_orders) as shown_orders
    from compared
    group by period_type, basis, period_start, step
    having sum(expected_cents) <> sum(shown_cents) or sum(expected_orders) <> sum(shown_orders)

)

select * from final
