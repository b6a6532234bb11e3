-- Day by day: one count, and the orders that move, give the next count.
with counted as (

    select * from {{ ref('agg_new_customers') }}

),

moved as (

    select * from {{ ref('fct_new_customer_differences') }}

),

parts as (

    select
        day,
        'shopify to person' as step,
        case when definition = 'shopify' then customers else -customers end as customers
    from counted
    where definition in ('shopify', 'person')

    union all

    select
        day,
        'person to valid person' as step,
        case when definition = 'person' then customers else -customers end as customers
    from counted
    where definition in ('person', 'valid_person')

    union all

    select
        order_date as day,
        step,
        change as customers
    from moved

),

final as (

    select
        day,
        step,
        sum(customers) as unexplained
    from parts
    group by day, step
    having sum(customers) <> 0

)

select * from final
