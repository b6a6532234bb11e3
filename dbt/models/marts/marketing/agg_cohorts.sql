with all_orders as (

    select * from {{ ref('fct_orders') }}

),

valid_orders as (

    select
        *,
        max(case when is_new_customer then 1 else 0 end) over (partition by source, customer_id) as begins_here
    from all_orders
    where not is_test and not is_cancelled and customer_id is not null

),

-- Customers whose first order is older than what is loaded belong to a month that nobody knows.
orders as (

    select
        order_id,
        source || ':' || customer_id as customer_id,
        order_date as ordered_on,
        {{ money('net_sales * fx_rate') }} as net_sales
    from valid_orders
    where begins_here = 1

),

cohorts as (

    {{ cohort_months('orders') }}

),

last_days as (

    select max(order_date) as last_day
    from all_orders

),

sized as (

    select
        *,
        max(case when month_index = 0 then customers end) over (partition by cohort_month) as cohort_customers
    from cohorts

),

-- A month that is not over would look like customers who left.
final as (

    select
        sized.cohort_month,
        sized.month_index,
        sized.cohort_customers,
        sized.customers,
        sized.orders,
        sized.revenue,
        {{ ratio('sized.customers', 'sized.cohort_customers') }} as retention
    from sized
    cross join last_days
    where {{ month_after('sized.cohort_month', 'sized.month_index + 1') }} <= {{ plus_days('last_days.last_day', 1) }}

)

select * from final
