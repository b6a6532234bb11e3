{{ config(materialized='view') }}

with versions as (

    select * from {{ ref('stg_shopify__order_refunds') }}
    where id is not null

),

orders as (

    select * from {{ ref('int_shopify__orders') }}

),

opened_lines as (

    {{ rows_shopify__refund_lines('versions') }}

),

gift_cards as (

    select
        _source_file,
        _source_row,
        sum(subtotal) as subtotal
    from opened_lines
    where gift_card
    group by _source_file, _source_row

),

-- The rules are those of the conformed refunds.
final as (

    select
        'shopify' as source,
        versions.shop_url as shop_id,
        cast(versions.id as varchar) as refund_id,
        cast(versions.order_id as varchar) as order_id,
        cast({{ to_zone('coalesce(versions.processed_at, versions.created_at)', "'" ~ timezone_of('shopify') ~ "'") }} as date)
            as refund_date,
        coalesce(orders.currency, '{{ currency_of('shopify') }}') as currency,
        {{ money('coalesce(versions.refund_subtotal, 0) - coalesce(gift_cards.subtotal, 0)
            - case when orders.taxes_included then coalesce(versions.refund_tax, 0) else 0 end') }} as subtotal,
        {{ money('coalesce(versions.refund_tax, 0)') }} as tax,
        {{ money('coalesce(versions.refund_amount, 0)') }} as amount,
        coalesce(versions.created_at, versions._extracted_at) as changed_at,
        versions._extracted_at as said_at,
        versions._sync_id,
        versions._source_file,
        versions._source_row,
        versions._load_seq
    from versions
    left join orders on versions.order_id = orders.id
    left join gift_cards
        on versions._source_file = gift_cards._source_file and versions._source_row = gift_cards._source_row

)

select * from final
