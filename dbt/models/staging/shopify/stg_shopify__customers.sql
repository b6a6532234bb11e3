-- rendered from shopify, sha256 562285e1c5ddbc5e82b191ee13bad0b8d22f95e3ba2e8955073b8f56b00eddc3; change the declaration, then run `plumbline render`
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
