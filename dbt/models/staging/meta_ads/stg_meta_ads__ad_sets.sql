-- rendered from meta_ads, sha256 5e948e415c408b9bab6e5c3041a043302e21b453d70291894fe9652ba948020f; change the declaration, then run `plumbline render`
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
