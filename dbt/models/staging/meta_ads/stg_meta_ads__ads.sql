-- rendered from meta_ads, sha256 60743572258df544fc1c120abf38980517638ac0a54d9081de879c7ae0d64ff5; change the declaration, then run `plumbline render`
{% if nothing_new(source('meta_ads', 'ads')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_meta_ads__ads(unseen(source('meta_ads', 'ads'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
