with placed as {{ inlined() }} (

    select * from {{ ref('fct_customer_orders') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

first_orders as (

    select
        person_id,
        max(case when order_number = 1 then order_id end) as first_order_id,
        max(case when order_number = 1 then customer_id end) as first_customer_id,
        max(case when valid_order_number = 1 then order_id end) as first_valid_order_id
    from placed
    where person_id is not null
    group by person_id

),

why_not_valid as (

    select
        source,
        shop_id,
        order_id,
        case
            when is_cancelled then 'it was cancelled'
            when is_gift_card_paid then 'it was paid with a gift card'
            when is_exchange then 'it is an exchange'
            else 'its payment was voided'
        end as reason
    from orders
    where not is_valid

),

stepped as (

    select
        placed.*,
        first_orders.first_order_id,
        first_orders.first_customer_id,
        first_orders.first_valid_order_id,
        why_not_valid.reason as why_not_valid
    from placed
    left join first_orders on placed.person_id = first_orders.person_id
    left join why_not_valid
        on
            placed.source = why_not_valid.source
            and placed.shop_id = why_not_valid.shop_id
            and placed.order_id = why_not_valid.order_id

),

final as (

    select
        source,
        shop_id,
        order_id,
        order_date,
        person_id,
        'shopify to person' as step,
        case when is_new_person then 1 else -1 end as change,
        case when is_new_person then order_id else first_order_id end as related_order_id,
        case
            when is_new_person and customer_id is null then 'The order belongs to no customer record, and the person had not ordered before.'
            when is_new_person then 'The shop does not call it the first of its record, though the person had not ordered before.'
            when not is_history_known then 'Orders of the person are older than what is loaded: another customer record shows it.'
            when first_customer_id is null then 'The person had ordered before without a customer record.'
            else 'The person had ordered before under another customer record.'
        end as reason
    from stepped
    where is_new_shopify <> is_new_person

    union all

    select
        source,
        shop_id,
        order_id,
        order_date,
        person_id,
        'person to valid person' as step,
        case when is_new_valid_person then 1 else -1 end as change,
        case when is_new_valid_person then first_order_id else first_valid_order_id end as related_order_id,
        case
            when is_new_valid_person then 'The first order of the person that counts: what came before does not.'
            else 'The first order of the person does not count: ' || why_not_valid || '.'
        end as reason
    from stepped
    where is_new_person <> is_new_valid_person

)

select * from final
