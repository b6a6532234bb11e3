-- rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render`
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
