-- Cells of months that are over hold every valid order of customers whose first order is loaded.
with all_orders as (

    select * from {{ ref('fct_orders') }}

),

last_days as (

    select max(order_date) as last_day
    from all_orders

),

known as (

    select distinct
        source,
        customer_id
    from all_orders
    where is_new_customer and not is_test and not is_cancelled

),

bought as (

    select
        count(*) as orders,
        coalesce(sum({{ money('all_orders.net_sales * all_orders.fx_rate') }}), 0) as revenue
    from all_orders
    inner join known on all_orders.source = known.source and all_orders.customer_id = known.customer_id
    cross join last_days
    where
        not all_orders.is_test
        and not all_orders.is_cancelled
        and {{ month_after(dbt.date_trunc('month', 'all_orders.order_date'), 1) }}
        <= {{ plus_days('last_days.last_day', 1) }}

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
