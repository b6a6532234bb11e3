{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['conversion_id']
) }}
{%- set people_to = known_time('_people_to') %}

with orders as (

    select
        *,
        'order:' || source || ':' || shop_id || ':' || order_id as conversion_id
    from {{ ref('fct_orders') }}
    where not is_test

),

leads as (

    select
        *,
        'lead:' || source || ':' || contact_id || ':' || stage as conversion_id
    from {{ ref('fct_leads') }}

),

ids as (

    select * from {{ ref('int_id_map') }}

),

buyers as {{ inlined() }} (

    select * from {{ ref('int_order_people') }}

),

decided_by as (

    select
        (select max(_made_at) from orders) as orders_to,
        (select max(_made_at) from buyers) as buyers_to,
        (select max(_made_at) from leads) as leads_to,
        {{ people_known_to() }} as people_to

),

{% if is_incremental() -%}
changed as (

    {{ identifiers_changed_since(people_to) }}

),

-- Orders and leads that were made again, and those that are somebody else's now.
touched as (

    select conversion_id
    from orders
    where _made_at > {{ known_time('_orders_to') }}

    union distinct

    select 'order:' || source || ':' || shop_id || ':' || order_id as conversion_id
    from buyers
    where _made_at > {{ known_time('_buyers_to') }}

    union distinct

    select conversion_id
    from leads
    where _made_at > {{ known_time('_leads_to') }}

    union distinct

    select leads.conversion_id
    from leads
    inner join changed on leads.source || '_id' = changed.identifier_type and leads.contact_id = changed.token

    union distinct

    select leads.conversion_id
    from leads
    inner join changed on changed.identifier_type = 'email' and leads.email_token = changed.token

),
{%- endif %}

entered as (

    select
        'order' as conversion_type,
        orders.conversion_id,
        orders.source,
        orders.order_id as record_id,
        'order' as stage,
        buyers.person_id,
        orders.processed_at as converted_at,
        orders.order_date as converted_on,
        {{ reporting_cents('orders.gross_sales - orders.discounts', 'orders.fx_rate') }} as revenue_cents,
        orders._load_seq
    from orders
    {% if is_incremental() -%}
    inner join touched on orders.conversion_id = touched.conversion_id
    {% endif -%}
    left join buyers
        on orders.source = buyers.source and orders.shop_id = buyers.shop_id and orders.order_id = buyers.order_id

    union all

    select
        'lead' as conversion_type,
        leads.conversion_id,
        leads.source,
        leads.contact_id as record_id,
        leads.stage,
        coalesce(contacts.person_id, addresses.person_id) as person_id,
        leads.entered_at as converted_at,
        leads.entered_date as converted_on,
        0 as revenue_cents,
        leads._load_seq
    from leads
    {% if is_incremental() -%}
    inner join touched on leads.conversion_id = touched.conversion_id
    {% endif -%}
    left join ids as contacts
        on leads.source || '_id' = contacts.identifier_type and leads.contact_id = contacts.token
    left join ids as addresses on addresses.identifier_type = 'email' and leads.email_token = addresses.token

),

made as (

    select
        entered.*,
        decided_by.orders_to as _orders_to,
        decided_by.buyers_to as _buyers_to,
        decided_by.leads_to as _leads_to,
        decided_by.people_to as _people_to,
        {{ made_at() }} as _made_at
    from entered
    cross join decided_by

),

{% if is_incremental() -%}
-- What is no conversion any more is a row of nothing but its key: the strategy removes it.
gone as (

    select known.conversion_id
    from {{ this }} as known
    left join (
        select conversion_id from orders
        union all
        select conversion_id from leads
    ) as there on known.conversion_id = there.conversion_id
    where there.conversion_id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
