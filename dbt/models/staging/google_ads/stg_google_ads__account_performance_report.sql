-- rendered from google_ads, sha256 10023ad4964977295a979c18ea6f8d699c15c199b3b8fdb0f43f4cb4f7cc55d4; change the declaration, then run `plumbline render`
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
