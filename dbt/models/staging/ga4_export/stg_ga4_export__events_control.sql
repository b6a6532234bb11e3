-- rendered from ga4_export, sha256 e0ee32b73d2cd18fa4da38139fdbd7c5525b03d05b1c9e9ca8564afd7d791025; change the declaration, then run `plumbline render`
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
