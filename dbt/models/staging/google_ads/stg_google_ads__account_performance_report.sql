-- rendered from google_ads, sha256 60e4bcbfc42ffc033381f73926dc0491ddc7ce874aebfdf90ef4ec156fbf2229; change the declaration, then run `plumbline render`
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
