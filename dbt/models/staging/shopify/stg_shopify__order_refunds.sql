-- rendered from shopify, sha256 bb2bedc87c3b39fa3f24e7d1886ac86044d92937a3ba3d5b42360b2a27407f87; change the declaration, then run `plumbline render`
{{ config(materialized='view') }}

with typed as (
    select * from {{ ref('typed_shopify__order_refunds') }}
),

final as (
    select
        id,
        order_id,
        shop_url,
        created_at,
        processed_at,
        restock,
        refund_subtotal,
        refund_tax,
        refund_quantity,
        refund_amount,
        adjustment_amount,
        refund_duties,
        refund_lines,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from typed
    where _broken is null
)

select * from final
