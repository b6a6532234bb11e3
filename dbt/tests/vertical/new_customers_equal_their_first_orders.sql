-- Two roads to each count: the shop's word on its orders, and the customers with their first valid order.
with orders as (

    select * from {{ ref('fct_orders') }}

),

customers as (

    select * from {{ ref('dim_customers') }}

),

counted as (

    select
        definition,
        sum(customers) as customers
    from {{ ref('agg_new_customers') }}
    group by definition

),

expected as (

    select
        'shopify' as definition,
        count(*) as customers
    from orders
    where is_new_customer

    union all

    select
        'valid_person' as definition,
        count(*) as customers
    from customers
    where is_history_known

),

final as (

    select
        expected.definition,
        expected.customers,
        counted.customers as customers_in_mart
    from expected
    left join counted on expected.definition = counted.definition
    where expected.customers <> coalesce(counted.customers, 0)

)

select * from final
