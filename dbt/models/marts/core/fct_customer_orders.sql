{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['source', 'shop_id', 'order_id']
) }}
{%- set orders_to, people_to = known_time('_orders_to'), known_time('_people_to') %}

with orders as {{ inlined() }} (

    select * from {{ ref('fct_orders') }}

),

people as {{ inlined() }} (

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

-- What decides besides orders and people: how far back the shop is loaded, and the margins that people edit.
decided_by as (

    select
        (select max(_made_at) from orders) as orders_to,
        (select max(_made_at) from people) as people_to,
        (
            select {{ fingerprint_of(['sales_channel', 'margin_rate', 'order_cost', 'valid_from']) }} from margins
        ) || '.' || (
            select {{ fingerprint_of(['source', 'shop_id', 'known_since']) }} from coverage
        ) as decided

),

{% if is_incremental() -%}
known as {{ inlined() }} (

    select
        source,
        shop_id,
        order_id,
        person_id,
        _decided
    from {{ this }}

),

changed_orders as (

    select
        source,
        shop_id,
        order_id
    from orders
    where _made_at > {{ orders_to }}

    union distinct

    select
        source,
        shop_id,
        order_id
    from people
    where _made_at > {{ people_to }}

    union distinct

    select
        known.source,
        known.shop_id,
        known.order_id
    from known
    cross join decided_by
    left join orders
        on known.source = orders.source and known.shop_id = orders.shop_id and known.order_id = orders.order_id
    where orders.order_id is null or known._decided <> decided_by.decided

),

-- The place of an order is decided among those of its person: of whoever has, or had, an order that changed.
touched_people as (

    select people.person_id
    from people
    inner join changed_orders as changed
        on people.source = changed.source and people.shop_id = changed.shop_id and people.order_id = changed.order_id

    union distinct

    select known.person_id
    from known
    inner join changed_orders as changed
        on known.source = changed.source and known.shop_id = changed.shop_id and known.order_id = changed.order_id

),

touched as (

    select
        people.source,
        people.shop_id,
        people.order_id
    from people
    inner join touched_people on people.person_id = touched_people.person_id

),
{%- endif %}

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
            as contribution,
        orders._load_seq
    from orders
    {% if is_incremental() -%}
    inner join touched
        on
            orders.source = touched.source
            and orders.shop_id = touched.shop_id
            and orders.order_id = touched.order_id
    {% endif -%}
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

made as (

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
        contribution,
        _load_seq,
        decided_by.orders_to as _orders_to,
        decided_by.people_to as _people_to,
        decided_by.decided as _decided,
        {{ made_at() }} as _made_at
    from numbered
    cross join decided_by

),

{% if is_incremental() -%}
-- An order that left is a row of nothing but its key: the strategy removes it.
gone as (

    select
        known.source,
        known.shop_id,
        known.order_id
    from known
    left join orders
        on known.source = orders.source and known.shop_id = orders.shop_id and known.order_id = orders.order_id
    where orders.order_id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
