-- rendered from shopify, sha256 bb2bedc87c3b39fa3f24e7d1886ac86044d92937a3ba3d5b42360b2a27407f87; change the declaration, then run `plumbline render`
{% if nothing_new(source('shopify', 'orders')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_shopify__orders(unseen(source('shopify', 'orders'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
