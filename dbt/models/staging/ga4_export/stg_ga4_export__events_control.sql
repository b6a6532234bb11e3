-- rendered from ga4_export, sha256 24f0ab503d36f1d2a28845aff6b18e22c835822d34a39a734e80035618be1c6e; change the declaration, then run `plumbline render`
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
