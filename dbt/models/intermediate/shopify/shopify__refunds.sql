with refunds as (

    select * from {{ ref('int_shopify__order_refunds') }}

),

final as (

    select
        'shopify' as source,
        shop_url as shop_id,
        cast(id as varchar) as refund_id,
        cast(order_id as varchar) as order_id,
        coalesce(processed_at, created_at) as refunded_at,
        cast({{ to_zone('coalesce(processed_at, created_at)', "'" ~ timezone_of('shopify') ~ "'") }} as date)
            as refund_date,
        '{{ currency_of('shopify') }}' as currency,
        {{ money('coalesce(refund_subtotal, 0)') }} as subtotal,
        {{ money('coalesce(refund_tax, 0)') }} as tax,
        -- Order adjustments are negative: money that leaves the shop beyond the returned goods, shipping above all.
        {{ money('0 - coalesce(adjustment_amount, 0)') }} as shipping,
        {{ money('coalesce(refund_amount, 0)') }} as amount,
        cast(coalesce(refund_quantity, 0) as bigint) as items,
        coalesce(restock, false) as is_restocked,
        _extracted_at as extracted_at
    from refunds

)

select * from final
