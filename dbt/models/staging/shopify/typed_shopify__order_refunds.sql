-- rendered from shopify, sha256 522ed459987b0281b94ddd85c1addd961500b135c7c07d804969899a77a7eaa2; change the declaration, then run `plumbline render`
{% if nothing_new(source('shopify', 'order_refunds')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_shopify__order_refunds(unseen(source('shopify', 'order_refunds'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
