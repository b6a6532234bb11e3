-- rendered from shopify, sha256 522ed459987b0281b94ddd85c1addd961500b135c7c07d804969899a77a7eaa2; change the declaration, then run `plumbline render`
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
