-- Cells of months that are over hold every valid order of the customers whose acquisition is known.
with orders as (

    select * from {{ ref('fct_orders') }}
    where is_valid

),

people as (

    select * from {{ ref('int_order_people') }}

),

customers as (

    select * from {{ ref('dim_customers') }}
    where is_acquisition_known

),

last_days as (

    select max(order_date) as last_day
    from {{ ref('fct_orders') }}

),

bought as (

    select
        count(*) as orders,
        coalesce(sum({{ money('orders.net_sales * orders.fx_rate') }}), 0) as revenue
    from orders
    inner join people
        on
            orders.source = people.source
            and orders.shop_id = people.shop_id
            and orders.order_id = people.order_id
    inner join customers on people.person_id = customers.person_id
    cross join last_days
    where
        {{ month_after(dbt.date_trunc('month', 'orders.order_date'), 1) }} <= {{ plus_days('last_days.last_day', 1) }}

),

mart as (

    select
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(revenue), 0) as revenue
    from {{ ref('agg_cohorts') }}

),

final as (

    select
        bought.orders,
        mart.orders as orders_in_mart,
        bought.revenue,
        mart.revenue as revenue_in_mart
    from bought
    cross join mart
    where bought.orders <> mart.orders or bought.revenue <> mart.revenue

)

select * from final
