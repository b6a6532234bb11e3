with refunds as (

    select * from {{ ref('int_shopify__order_refunds') }}

),

orders as (

    select * from {{ ref('int_shopify__orders') }}

),

lines as (

    select
        refund_id,
        sum(case when is_gift_card then 0 else subtotal end) as subtotal,
        sum(case when is_gift_card then subtotal else 0 end) as gift_cards,
        sum(quantity) as quantity
    from {{ ref('shopify__refund_lines') }}
    group by refund_id

),

final as (

    select
        'shopify' as source,
        refunds.shop_url as shop_id,
        cast(refunds.id as varchar) as refund_id,
        cast(refunds.order_id as varchar) as order_id,
        coalesce(refunds.processed_at, refunds.created_at) as refunded_at,
        cast({{ to_zone(
            'coalesce(refunds.processed_at, refunds.created_at)', "'" ~ timezone_of('shopify') ~ "'"
        ) }} as date) as refund_date,
        coalesce(orders.currency, '{{ currency_of('shopify') }}') as currency,
        {{ money('coalesce(lines.subtotal, refunds.refund_subtotal
            - case when orders.taxes_included then coalesce(refunds.refund_tax, 0) else 0 end, 0)') }} as subtotal,
        {{ money('coalesce(lines.gift_cards, 0)') }} as gift_card_subtotal,
        {{ money('coalesce(refunds.refund_tax, 0)') }} as tax,
        {{ money('coalesce(refunds.refund_duties, 0)') }} as duties,
        -- Order adjustments are negative: money that leaves the shop beyond the returned goods, shipping above all.
        {{ money('0 - coalesce(refunds.adjustment_amount, 0)') }} as shipping,
        {{ money('coalesce(refunds.refund_amount, 0)') }} as amount,
        cast(coalesce(refunds.refund_quantity, lines.quantity, 0) as bigint) as items,
        coalesce(refunds.restock, false) as is_restocked,
        refunds._extracted_at as extracted_at,
        refunds._sync_id as sync_id,
        refunds._load_seq
    from refunds
    left join orders on refunds.order_id = orders.id
    left join lines on cast(refunds.id as varchar) = lines.refund_id

)

select * from final
