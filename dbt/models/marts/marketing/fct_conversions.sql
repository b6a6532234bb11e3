with orders as (

    select * from {{ ref('fct_orders') }}

),

leads as (

    select * from {{ ref('fct_leads') }}

),

ids as (

    select * from {{ ref('int_id_map') }}

),

buyers as (

    select * from {{ ref('int_order_people') }}

),

final as (

    select
        'order' as conversion_type,
        'order:' || orders.source || ':' || orders.shop_id || ':' || orders.order_id as conversion_id,
        orders.source,
        orders.order_id as record_id,
        'order' as stage,
        buyers.person_id,
        orders.processed_at as converted_at,
        orders.order_date as converted_on,
        {{ reporting_cents('orders.gross_sales - orders.discounts', 'orders.fx_rate') }} as revenue_cents
    from orders
    left join buyers
        on orders.source = buyers.source and orders.shop_id = buyers.shop_id and orders.order_id = buyers.order_id
    where not orders.is_test

    union all

    select
        'lead' as conversion_type,
        'lead:' || leads.source || ':' || leads.contact_id || ':' || leads.stage as conversion_id,
        leads.source,
        leads.contact_id as record_id,
        leads.stage,
        coalesce(contacts.person_id, addresses.person_id) as person_id,
        leads.entered_at as converted_at,
        leads.entered_date as converted_on,
        0 as revenue_cents
    from leads
    left join ids as contacts
        on leads.source || '_id' = contacts.identifier_type and leads.contact_id = contacts.token
    left join ids as addresses on addresses.identifier_type = 'email' and leads.email_token = addresses.token

)

select * from final
