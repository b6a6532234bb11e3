with orders as (

    select * from {{ ref('fct_orders') }}

),

people as (

    select * from {{ ref('int_order_people') }}

),

coverage as (

    {% for source in sources_providing('orders') -%}
    select
        source,
        shop_id,
        known_since
    from {{ ref(source ~ '__order_coverage') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

margins as (

    select
        sales_channel,
        margin_rate,
        order_cost,
        valid_from,
        lead(valid_from) over (partition by sales_channel order by valid_from) as valid_until
    from {{ ref('product_margin') }}
    where sales_channel is not null

),

-- A row of the order's own sales channel says more than the row for any.
placed as (

    select
        orders.source,
        orders.shop_id,
        orders.order_id,
        orders.order_date,
        orders.processed_at,
        orders.sales_channel,
        orders.customer_id,
        orders.is_test,
        orders.is_valid,
        orders.is_new_customer,
        people.person_id,
        people.known_by,
        coalesce(orders.created_at >= coverage.known_since, true) as is_covered,
        {{ money('orders.gross_sales * orders.fx_rate') }} as gross_sales,
        {{ money('orders.net_sales * orders.fx_rate') }} as net_sales,
        coalesce(own.margin_rate, everywhere.margin_rate) as margin_rate,
        coalesce(own.order_cost, everywhere.order_cost) as order_cost
    from orders
    left join people
        on
            orders.source = people.source
            and orders.shop_id = people.shop_id
            and orders.order_id = people.order_id
    left join coverage on orders.source = coverage.source and orders.shop_id = coverage.shop_id
    left join margins as own
        on
            orders.sales_channel = own.sales_channel
            and orders.order_date >= own.valid_from
            and (orders.order_date < own.valid_until or own.valid_until is null)
    left join margins as everywhere
        on
            everywhere.sales_channel = 'any'
            and orders.order_date >= everywhere.valid_from
            and (orders.order_date < everywhere.valid_until or everywhere.valid_until is null)

),

-- The shop calls an order the first of its record only where all orders of the record are loaded.
recorded as (

    select
        *,
        max(case when is_new_customer then 1 else 0 end) over (partition by source, customer_id) as record_begins
    from placed

),

-- Of two orders at one instant the one that the shop calls first is first.
numbered as (

    select
        *,
        min(case when customer_id is null or is_test then 1 else record_begins end) over (partition by person_id) = 1
            as is_history_known,
        case
            when person_id is not null and not is_test then row_number() over (
                partition by person_id, is_test
                order by processed_at, case when is_new_customer then 0 else 1 end, source, shop_id, order_id
            )
        end as order_number,
        case
            when person_id is not null and is_valid then row_number() over (
                partition by person_id, is_valid
                order by processed_at, case when is_new_customer then 0 else 1 end, source, shop_id, order_id
            )
        end as valid_order_number
    from recorded

),

final as (

    select
        source,
        shop_id,
        order_id,
        order_date,
        processed_at,
        sales_channel,
        person_id,
        known_by,
        customer_id,
        is_test,
        is_valid,
        is_covered,
        is_history_known,
        cast(order_number as integer) as order_number,
        cast(valid_order_number as integer) as valid_order_number,
        is_new_customer as is_new_shopify,
        coalesce(order_number = 1, false) and is_history_known as is_new_person,
        coalesce(valid_order_number = 1, false) and is_history_known as is_new_valid_person,
        gross_sales,
        net_sales,
        {{ money('net_sales * margin_rate - order_cost') }} as contribution
    from numbered

)

select * from final
