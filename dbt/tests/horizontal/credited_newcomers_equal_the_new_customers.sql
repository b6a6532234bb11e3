-- Each model gives every new customer to its channels, and nobody else.
with credited as (

    select
        day,
        model,
        sum(customers) as customers
    from {{ ref('agg_new_customer_credits') }}
    group by day, model

),

counted as (

    select
        day,
        customers
    from {{ ref('agg_new_customers') }}
    where definition = 'valid_person'

),

final as (

    select
        counted.day,
        credited.model,
        counted.customers,
        credited.customers as credited
    from counted
    full outer join credited on counted.day = credited.day
    where
        counted.day is null
        or credited.day is null
        or abs(counted.customers - credited.customers) > 0.000001

)

select * from final
