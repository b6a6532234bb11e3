-- rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render`
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
