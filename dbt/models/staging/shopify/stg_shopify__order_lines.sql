-- rendered from shopify, sha256 bb2bedc87c3b39fa3f24e7d1886ac86044d92937a3ba3d5b42360b2a27407f87; change the declaration, then run `plumbline render`
{{ config(materialized='view') }}

with final as (
    {{ rows_shopify__order_lines(ref('int_shopify__orders')) }}
)

select * from final
