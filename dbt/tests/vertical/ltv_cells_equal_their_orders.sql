-- Each mature cell, counted again from the orders of its month without the steps between ages.
with orders as (

    select * from {{ ref('fct_customer_orders') }}
    where is_valid

),

customers as (

    select * from {{ ref('dim_customers') }}
    where is_acquisition_known

),

cells as (

    select
        cohort_month,
        age_days,
        sum(customers) as customers,
        sum(orders) as orders,
        sum(net_sales) as net_sales
    from {{ ref('agg_cohort_ltv') }}
    where is_mature
    group by cohort_month, age_days

),

counted as (

    select
        cells.cohort_month,
        cells.age_days,
        sum(case when orders.valid_order_number = 1 then 1 else 0 end) as customers,
        count(*) as orders,
        sum(orders.net_sales) as net_sales
    from cells
    inner join customers on cells.cohort_month = customers.cohort_month
    inner join orders
        on
            customers.person_id = orders.person_id
            and orders.order_date <= {{ plus_days('customers.first_ordered_on', 'cells.age_days') }}
    group by cells.cohort_month, cells.age_days

),

final as (

    select
        cells.cohort_month,
        cells.age_days,
        cells.net_sales as in_mart,
        counted.net_sales
    from cells
    left join counted on cells.cohort_month = counted.cohort_month and cells.age_days = counted.age_days
    where
        counted.cohort_month is null
        or cells.customers <> counted.customers
        or cells.orders <> counted.orders
        or cells.net_sales <> counted.net_sales

)

select * from final
