{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['source', 'shop_id', 'order_id']
) }}
{%- set orders_to, people_to = known_time('_orders_to'), known_time('_people_to') %}

with orders as (

    {% for source in sources_providing('orders') -%}
    select
        source,
        shop_id,
        order_id,
        customer_id,
        email_token,
        _load_seq,
        _made_at
    from {{ ref(source ~ '__orders') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

ids as (

    select * from {{ ref('int_id_map') }}

),

decided_by as (

    select
        (select max(_made_at) from orders) as orders_to,
        {{ people_known_to() }} as people_to

),

{% if is_incremental() -%}
changed as (

    {{ identifiers_changed_since(people_to) }}

),

-- Orders that were made again, and those of which an identifier belongs to somebody else now.
touched as (

    select
        source,
        shop_id,
        order_id
    from orders
    where _made_at > {{ orders_to }}
    {% for kind, token in [
        ("'order'", 'order_id'),
        ("orders.source || '_customer_id'", 'customer_id'),
        ("'email'", 'email_token'),
    ] %}
    union distinct

    select
        orders.source,
        orders.shop_id,
        orders.order_id
    from orders
    inner join changed on {{ kind }} = changed.identifier_type and orders.{{ token }} = changed.token
    {% endfor %}
),
{%- endif %}

-- The map names the order itself; a customer or an address that it knows helps where the order came after it.
known as (

    select
        orders.source,
        orders.shop_id,
        orders.order_id,
        orders._load_seq,
        coalesce(numbers.person_id, customers.person_id, addresses.person_id) as person_id,
        case
            when numbers.person_id is not null then numbers.rule
            when customers.person_id is not null then 'strong_id'
            when addresses.person_id is not null then 'email'
            else 'alone'
        end as known_by
    from orders
    {% if is_incremental() -%}
    inner join touched
        on
            orders.source = touched.source
            and orders.shop_id = touched.shop_id
            and orders.order_id = touched.order_id
    {% endif -%}
    left join ids as numbers on numbers.identifier_type = 'order' and orders.order_id = numbers.token
    left join ids as customers
        on orders.source || '_customer_id' = customers.identifier_type and orders.customer_id = customers.token
    left join ids as addresses on addresses.identifier_type = 'email' and orders.email_token = addresses.token

),

made as (

    select
        known.source,
        known.shop_id,
        known.order_id,
        coalesce(
            known.person_id, 'order:' || known.source || ':' || known.shop_id || ':' || known.order_id
        ) as person_id,
        known.known_by,
        known._load_seq,
        decided_by.orders_to as _orders_to,
        decided_by.people_to as _people_to,
        {{ made_at() }} as _made_at
    from known
    cross join decided_by

),

{% if is_incremental() -%}
-- An order that left is a row of nothing but its key: the strategy removes it.
gone as (

    select
        known.source,
        known.shop_id,
        known.order_id
    from {{ this }} as known
    left join orders
        on known.source = orders.source and known.shop_id = orders.shop_id and known.order_id = orders.order_id
    where orders.order_id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
