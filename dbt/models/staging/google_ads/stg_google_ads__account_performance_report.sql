-- rendered from google_ads, sha256 72d7c49689291b03eed16e29b7e64e95b06a1b9f76f938517e71084317b662ed; change the declaration, then run `plumbline render`
{% if nothing_new(source('google_ads', 'account_performance_report')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_google_ads__account_performance_report(unseen(source('google_ads', 'account_performance_report'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
