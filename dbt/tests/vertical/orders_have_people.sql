-- Every order is in int_order_people, so no sale is without a person.
with orders as (

    select * from {{ ref('fct_orders') }}

),

people as (

    select * from {{ ref('int_order_people') }}

),

final as (

    select
        orders.source,
        orders.shop_id,
        orders.order_id
    from orders
    left join people
        on orders.source = people.source and orders.shop_id = people.shop_id and orders.order_id = people.order_id
    where people.person_id is null

)

select * from final
