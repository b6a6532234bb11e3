-- rendered from meta_ads, sha256 d9b7627133368a073b80ac4696ade82f6a7374edff614713c1a29a85eb73cb62; change the declaration, then run `plumbline render`
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
