with orders as (

    {% for source in sources_providing('orders') -%}
    select
        source,
        shop_id,
        order_id,
        customer_id,
        email_token
    from {{ ref(source ~ '__orders') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

ids as (

    select * from {{ ref('int_id_map') }}

),

-- The map names the order itself; a customer or an address that it knows helps where the order came after it.
known as (

    select
        orders.source,
        orders.shop_id,
        orders.order_id,
        coalesce(numbers.person_id, customers.person_id, addresses.person_id) as person_id,
        case
            when numbers.person_id is not null then numbers.rule
            when customers.person_id is not null then 'strong_id'
            when addresses.person_id is not null then 'email'
            else 'alone'
        end as known_by
    from orders
    left join ids as numbers on numbers.identifier_type = 'order' and orders.order_id = numbers.token
    left join ids as customers
        on orders.source || '_customer_id' = customers.identifier_type and orders.customer_id = customers.token
    left join ids as addresses on addresses.identifier_type = 'email' and orders.email_token = addresses.token

),

final as (

    select
        source,
        shop_id,
        order_id,
        coalesce(person_id, 'order:' || source || ':' || shop_id || ':' || order_id) as person_id,
        known_by
    from known

)

select * from final
