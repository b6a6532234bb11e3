-- rendered from google_ads, sha256 398fd2dfb7c4eeb9f6035b471745accb9249062549452535b276ec510b10c536; change the declaration, then run `plumbline render`
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
