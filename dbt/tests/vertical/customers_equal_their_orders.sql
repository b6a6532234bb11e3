-- Every valid order belongs to one customer, and every order to one person.
with parts as (

    select
        count(*) as placed,
        sum(case when is_valid then 1 else 0 end) as orders,
        sum(case when is_valid then {{ money('net_sales * fx_rate') }} else 0 end) as net_sales
    from {{ ref('fct_orders') }}

    union all

    select
        -count(*) as placed,
        0 as orders,
        0 as net_sales
    from {{ ref('fct_customer_orders') }}

    union all

    select
        0 as placed,
        -sum(orders) as orders,
        -sum(net_sales) as net_sales
    from {{ ref('dim_customers') }}

),

differences as (

    select
        coalesce(sum(placed), 0) as placed,
        coalesce(sum(orders), 0) as orders,
        coalesce(sum(net_sales), 0) as net_sales
    from parts

),

final as (

    select * from differences
    where placed <> 0 or orders <> 0 or net_sales <> 0

)

select * from final
