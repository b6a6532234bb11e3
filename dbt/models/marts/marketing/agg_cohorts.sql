with placed as (

    select * from {{ ref('fct_customer_orders') }}
    where is_valid

),

customers as (

    select * from {{ ref('dim_customers') }}

),

days as (

    select * from {{ ref('int_order_days') }}

),

-- Customers whose first order may be older than what is loaded belong to a month that nobody knows.
orders as (

    select
        placed.order_id,
        placed.person_id as customer_id,
        placed.order_date as ordered_on,
        placed.net_sales
    from placed
    inner join customers on placed.person_id = customers.person_id
    where customers.is_acquisition_known

),

cohorts as (

    {{ cohort_months('orders') }}

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
        {{ ratio('sized.customers', 'sized.cohort_customers') }} as retention,
        sized.cohort_month >= days.first_whole_month as is_whole_month
    from sized
    cross join days
    where {{ month_after('sized.cohort_month', 'sized.month_index + 1') }} <= {{ plus_days('days.last_day', 1) }}

)

select * from final
