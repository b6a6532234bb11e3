-- rendered from shopify, sha256 5a51b93b17b0971364b5941913387ac8b26ed7b5b59e64f2297ef6821eb08f98; change the declaration, then run `plumbline render`
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
