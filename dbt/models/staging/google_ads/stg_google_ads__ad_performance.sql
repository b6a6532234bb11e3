-- rendered from google_ads, sha256 7ae02cbbbbf690db9367119e7b423f7479a844ac5d5e23ae870d76980651046c; change the declaration, then run `plumbline render`
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
