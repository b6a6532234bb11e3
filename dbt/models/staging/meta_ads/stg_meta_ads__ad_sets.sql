-- rendered from meta_ads, sha256 60743572258df544fc1c120abf38980517638ac0a54d9081de879c7ae0d64ff5; change the declaration, then run `plumbline render`
{% if nothing_new(source('meta_ads', 'ad_sets')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_meta_ads__ad_sets(unseen(source('meta_ads', 'ad_sets'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
