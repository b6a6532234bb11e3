-- rendered from ga4_export, sha256 8e1b7179b41e0c901dd728d0c1b3795715bbc30bdfe9d72bb305c6dde7610611; change the declaration, then run `plumbline render`
{% if nothing_new(source('ga4_export', 'events_control')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_ga4_export__events_control(unseen(source('ga4_export', 'events_control'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
