-- rendered from google_ads, sha256 5af9936fdbc6d6a4d13a309d414d8d5f450baf59d3f21571f3f9c969428dfe68; change the declaration, then run `plumbline render`
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
