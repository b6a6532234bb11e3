-- rendered from meta_ads, sha256 5e948e415c408b9bab6e5c3041a043302e21b453d70291894fe9652ba948020f; change the declaration, then run `plumbline render`
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
