-- rendered from shopify, sha256 4c9211ac07e051120d2969b73c049943a0489ad4f0b10b13c3b9ec171d9d842b; change the declaration, then run `plumbline render`
{% if nothing_new(source('shopify', 'customers')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_shopify__customers(unseen(source('shopify', 'customers'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
