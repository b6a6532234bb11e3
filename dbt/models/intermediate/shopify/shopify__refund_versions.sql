{{ config(materialized='view') }}

with versions as (

    select * from {{ ref('stg_shopify__order_refunds') }}
    where id is not null

),

-- The rules are those of the conformed refunds.
final as (

    select
        'shopify' as source,
        shop_url as shop_id,
        cast(id as varchar) as refund_id,
        cast(order_id as varchar) as order_id,
        cast({{ to_zone('coalesce(processed_at, created_at)', "'" ~ timezone_of('shopify') ~ "'") }} as date)
            as refund_date,
        '{{ currency_of('shopify') }}' as currency,
        {{ money('coalesce(refund_subtotal, 0)') }} as subtotal,
        {{ money('coalesce(refund_tax, 0)') }} as tax,
        {{ money('coalesce(refund_amount, 0)') }} as amount,
        coalesce(created_at, _extracted_at) as changed_at,
        _extracted_at as said_at,
        _sync_id,
        _source_file,
        _source_row,
        _load_seq
    from versions

)

select * from final
