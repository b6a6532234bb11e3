{{ config(materialized='view') }}

with versions as (

    select * from {{ ref('stg_shopify__order_refunds') }}
    where id is not null

),

refunds as (

    select * from {{ ref('shopify__refunds') }}

),

-- A refund is said once and then repeated: its goods are priced as the conformed refund prices them, and only what a
-- version says itself can differ.
final as (

    select
        'shopify' as source,
        versions.shop_url as shop_id,
        cast(versions.id as varchar) as refund_id,
        cast(versions.order_id as varchar) as order_id,
        cast({{ to_zone(
            'coalesce(versions.processed_at, versions.created_at)', "'" ~ timezone_of('shopify') ~ "'"
        ) }} as date) as refund_date,
        refunds.currency,
        refunds.subtotal,
        {{ money('coalesce(versions.refund_tax, 0)') }} as tax,
        {{ money('coalesce(versions.refund_amount, 0)') }} as amount,
        coalesce(versions.created_at, versions._extracted_at) as changed_at,
        versions._extracted_at as said_at,
        versions._sync_id,
        versions._source_file,
        versions._source_row,
        versions._load_seq
    from versions
    inner join refunds on cast(versions.id as varchar) = refunds.refund_id

)

select * from final
