-- rendered from google_ads, sha256 72d7c49689291b03eed16e29b7e64e95b06a1b9f76f938517e71084317b662ed; change the declaration, then run `plumbline render`
{% if nothing_new(source('google_ads', 'click_view')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_google_ads__click_view(unseen(source('google_ads', 'click_view'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
