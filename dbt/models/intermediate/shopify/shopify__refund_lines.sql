with refund_lines as (

    select * from {{ ref('stg_shopify__refund_lines') }}

),

orders as (

    select * from {{ ref('int_shopify__orders') }}

),

final as (

    select
        'shopify' as source,
        refund_lines.shop_url as shop_id,
        cast(refund_lines.refund_id as varchar) as refund_id,
        cast(refund_lines.refund_line_id as varchar) as refund_line_id,
        cast(refund_lines.order_id as varchar) as order_id,
        cast(refund_lines.line_id as varchar) as line_id,
        coalesce(refund_lines.gift_card, false) as is_gift_card,
        coalesce(orders.currency, '{{ currency_of('shopify') }}') as currency,
        cast(coalesce(refund_lines.quantity, 0) as bigint) as quantity,
        -- In a tax-inclusive shop what comes back contains its tax as well.
        {{ money('coalesce(refund_lines.subtotal, 0)
            - case when orders.taxes_included then coalesce(refund_lines.tax, 0) else 0 end') }} as subtotal,
        {{ money('coalesce(refund_lines.tax, 0)') }} as tax,
        refund_lines.restock_type,
        coalesce(refund_lines.restock_type in ('return', 'cancel', 'legacy_restock'), false) as is_restocked,
        refund_lines._extracted_at as extracted_at,
        refund_lines._load_seq
    from refund_lines
    left join orders on refund_lines.order_id = orders.id

)

select * from final
