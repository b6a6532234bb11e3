-- rendered from meta_ads, sha256 d5734b04200237fcddb04934c95e78c05e67e0a88631db8650e9226707d34a88; change the declaration, then run `plumbline render`
{% if nothing_new(source('meta_ads', 'campaigns')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_meta_ads__campaigns(unseen(source('meta_ads', 'campaigns'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
