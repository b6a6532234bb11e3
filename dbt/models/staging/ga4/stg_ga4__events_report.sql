-- rendered from ga4, sha256 6b8a81fdb01942cd8add47c91ad6bdf6ad939b5ff9fb59fdf21dcfc8c040926c; change the declaration, then run `plumbline render`
{% if nothing_new(source('ga4', 'events_report')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_ga4__events_report(unseen(source('ga4', 'events_report'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
