-- rendered from google_ads, sha256 350f37def7b90ff4945f26b3ddf6d42153d10e95722af7a167e1406620a74f0e; change the declaration, then run `plumbline render`
{% if nothing_new(source('google_ads', 'campaign')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_google_ads__campaign(unseen(source('google_ads', 'campaign'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
