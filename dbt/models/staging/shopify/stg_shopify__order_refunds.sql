-- rendered from shopify, sha256 4c9211ac07e051120d2969b73c049943a0489ad4f0b10b13c3b9ec171d9d842b; change the declaration, then run `plumbline render`
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
