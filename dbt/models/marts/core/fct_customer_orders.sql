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

placed_on as (

    select distinct
        sales_channel,
        order_date
    from orders

),

-- A row of the order's own sales channel says more than the row for any.
day_margins as (

    select
        placed_on.sales_channel,
        placed_on.order_date,
        margins.margin_rate,
        margins.order_cost
    from placed_on
    inner join margins
        on
            margins.sales_channel in (placed_on.sales_channel, 'any')
            and placed_on.order_date >= margins.valid_from
            and (placed_on.order_date < margins.valid_until or margins.valid_until is null)
    qualify
        row_number() over (
            partition by placed_on.sales_channel, placed_on.order_date
            order by case when margins.sales_channel = placed_on.sales_channel then 0 else 1 end
        ) = 1

),

placed as (

    select
        orders.source,
        orders.shop_id,
        orders.order_id,
        orders.order_date,
        orders.processed_at,
        orders.sales_channel,
        orders.channel,
        orders.customer_id,
        orders.is_test,
        orders.is_valid,
        orders.is_new_customer,
        people.person_id,
        people.known_by,
        coalesce(orders.created_at >= coverage.known_since, true) as is_covered,
        {{ money('orders.gross_sales * orders.fx_rate') }} as gross_sales,
        {{ money('orders.net_sales * orders.fx_rate') }} as net_sales,
        {{ money('orders.net_sales * orders.fx_rate * day_margins.margin_rate - day_margins.order_cost') }}
            as contribution
    from orders
    left join people
        on
            orders.source = people.source
            and orders.shop_id = people.shop_id
            and orders.order_id = people.order_id
    left join coverage on orders.source = coverage.source and orders.shop_id = coverage.shop_id
    left join day_margins
        on orders.sales_channel = day_margins.sales_channel and orders.order_date = day_margins.order_date

),

-- The shop calls an order the first of its record only where all orders of the record are loaded.
not_whole as (

    select distinct person_id
    from (
        select person_id
        from placed
        where customer_id is not null and not is_test and person_id is not null
        group by person_id, source, customer_id
        having max(case when is_new_customer then 1 else 0 end) = 0
    ) as records

),

-- Of two orders at one instant the one that the shop calls first is first. One window for both numbers: one sort.
numbered as (

    select
        placed.*,
        not_whole.person_id is null as is_history_known,
        {% for number, counts in [('order_number', 'not placed.is_test'), ('valid_order_number', 'placed.is_valid')] -%}
        case
            when placed.person_id is not null and {{ counts }} then sum(case when {{ counts }} then 1 else 0 end) over (
                partition by placed.person_id
                order by
                    placed.processed_at,
                    case when placed.is_new_customer then 0 else 1 end,
                    placed.source,
                    placed.shop_id,
                    placed.order_id
                rows between unbounded preceding and current row
            )
        end as {{ number }}{{ ',' if not loop.last }}
        {% endfor %}
    from placed
    left join not_whole on placed.person_id = not_whole.person_id

),

final as (

    select
        source,
        shop_id,
        order_id,
        order_date,
        processed_at,
        sales_channel,
        channel,
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
        contribution
    from numbered

)

select * from final
