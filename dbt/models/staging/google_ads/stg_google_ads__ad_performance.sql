-- rendered from google_ads, sha256 930b17aeac628b9e98a43190ae9d3c95a389e05d3ed5e14ac1a936f3bb40b1a6; change the declaration, then run `plumbline render`
{% if nothing_new(source('google_ads', 'ad_performance')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_google_ads__ad_performance(unseen(source('google_ads', 'ad_performance'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
