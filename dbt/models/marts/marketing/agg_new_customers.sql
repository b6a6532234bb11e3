with orders as (

    select * from {{ ref('fct_customer_orders') }}

),

final as (

    {% for definition in ['shopify', 'person', 'valid_person'] -%}
    select
        order_date as day,
        '{{ definition }}' as definition,
        cast(count(*) as bigint) as customers
    from orders
    where is_new_{{ definition }}
    group by order_date
    {{ 'union all' if not loop.last }}
    {% endfor %}

)

select * from final
