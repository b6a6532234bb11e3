-- rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['id']) }}

{% if nothing_new(ref('stg_shopify__order_refunds')) %}
select * from {{ this }} where false
{% else %}
with new_versions as (
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
    from {{ unseen(ref('stg_shopify__order_refunds')) }} as unseen_rows
    where id is not null
),

candidates as (
    select * from new_versions
    {% if is_incremental() %}
    union all
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
    from {{ this }}
    where (id) in (select id from new_versions)
    {% endif %}
),

final as (
    select *
    from candidates
    qualify row_number() over (
        partition by id
        order by
            coalesce(created_at, _extracted_at) desc nulls last,
            _extracted_at desc,
            _sync_id desc,
            _source_file desc,
            _source_row desc
    ) = 1
)

select * from final
{% endif %}
