with steps as (

    select
        step,
        step_order,
        kind,
        definition
    from {{ ref('bridge_steps') }}
    where bridge = 'revenue'

),

-- What is claimed is taken from the platforms below; its rows only count what of it is traced. Summed by day first,
-- because there are many rows and few days.
entries as (

    select
        basis,
        day,
        month,
        step,
        step_in_month,
        platform,
        sum(case step when 'claimed' then 0 else amount_cents end) as amount_cents,
        sum(case step when 'claimed' then 0 else orders end) as orders,
        count(order_id) as traced_rows
    from {{ ref('fin_revenue_bridge_orders') }}
    group by basis, day, month, step, step_in_month, platform

),

claimed as (

    select
        source as platform,
        date as day,
        sum({{ reporting_cents('platform_conversion_value', 'fx_rate') }}) as amount_cents,
        sum(platform_conversions) as orders
    from {{ ref('fct_ad_performance') }}
    group by source, date

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

-- Priced with the rate of their own day in both bases, as the books are.
refunds as (

    select
        refund_date,
        coalesce(order_date, refund_date) as order_date,
        sum({{ reporting_cents('subtotal', 'fx_rate') }}) as amount_cents
    from {{ ref('fct_refunds') }}
    where not is_test
    group by refund_date, coalesce(order_date, refund_date)

),

bases as (

    select 'order_date' as basis
    union all
    select 'refund_date' as basis

),

-- Both ends come from the facts and not from the steps: else nothing could be missing between them.
ends as (

    select
        bases.basis,
        'claimed' as step,
        claimed.platform,
        claimed.day,
        claimed.amount_cents,
        claimed.orders,
        0 as traced_rows
    from claimed
    cross join bases

    union all

    select
        bases.basis,
        'booked_net_sales' as step,
        null as platform,
        sales.day,
        sales.amount_cents,
        sales.orders,
        sales.orders as traced_rows
    from sales
    cross join bases

    union all

    select
        bases.basis,
        'booked_net_sales' as step,
        null as platform,
        case bases.basis when 'order_date' then refunds.order_date else refunds.refund_date end as day,
        -refunds.amount_cents as amount_cents,
        0 as orders,
        0 as traced_rows
    from refunds
    cross join bases

),

-- By day each step has its own name; in a month the returns of a day before it may be of the same month.
rows_of_periods as (

    select
        'day' as period_type,
        day as period_start,
        basis,
        step,
        platform,
        amount_cents,
        orders,
        traced_rows
    from ends

    union all

    select
        'month' as period_type,
        {{ month_of('day') }} as period_start,
        basis,
        step,
        platform,
        amount_cents,
        orders,
        traced_rows
    from ends

    union all

    select
        'day' as period_type,
        day as period_start,
        basis,
        step,
        platform,
        amount_cents,
        orders,
        traced_rows
    from entries

    union all

    select
        'month' as period_type,
        month as period_start,
        basis,
        step_in_month as step,
        platform,
        amount_cents,
        orders,
        traced_rows
    from entries

),

-- Only what platforms say is told apart by platform; what happens to orders is one row.
named as (

    select
        period_type,
        period_start,
        basis,
        step,
        case when step in ('claimed', 'overlap', 'view_through', 'claims_without_a_visit') then platform end as platform,
        amount_cents,
        orders,
        traced_rows
    from rows_of_periods

),

summed as (

    select
        period_type,
        period_start,
        basis,
        step,
        platform,
        sum(amount_cents) as amount_cents,
        sum(orders) as orders,
        sum(traced_rows) as traced_rows
    from named
    group by period_type, period_start, basis, step, platform

),

residuals as (

    select
        period_type,
        period_start,
        basis,
        sum(case when step = 'booked_net_sales' then amount_cents else -amount_cents end) as amount_cents,
        sum(case when step = 'booked_net_sales' then orders else -orders end) as orders
    from summed
    group by period_type, period_start, basis

),

-- A step that moved nothing is said to be nothing.
framed as (

    select
        residuals.period_type,
        residuals.period_start,
        residuals.basis,
        steps.step,
        steps.step_order,
        steps.kind,
        steps.definition,
        residuals.amount_cents as residual_cents,
        residuals.orders as residual_orders
    from residuals
    cross join steps

),

final as (

    select
        framed.period_type,
        framed.period_start,
        framed.basis,
        framed.step_order,
        framed.step,
        summed.platform,
        framed.kind,
        cast(
            case framed.step when 'residual' then framed.residual_cents else coalesce(summed.amount_cents, 0) end as bigint
        ) as amount_cents,
        cast(
            case framed.step when 'residual' then framed.residual_orders else coalesce(summed.orders, 0) end
            as decimal(38, 6)
        ) as orders,
        cast(coalesce(summed.traced_rows, 0) as bigint) as traced_rows,
        '{{ reporting_currency() }}' as reporting_currency,
        framed.definition
    from framed
    left join summed
        on
            framed.period_type = summed.period_type
            and framed.period_start = summed.period_start
            and framed.basis = summed.basis
            and framed.step = summed.step

)

select * from final
