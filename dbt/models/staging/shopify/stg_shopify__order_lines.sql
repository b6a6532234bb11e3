-- rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render`
{{ config(materialized='view') }}

with final as (
    {{ rows_shopify__order_lines(ref('int_shopify__orders')) }}
)

select * from final
