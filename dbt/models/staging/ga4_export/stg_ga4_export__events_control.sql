-- rendered from ga4_export, sha256 338367a86cc1e4b094ab304b11ea375ec08efa4d5d20d0254ca337a90a21445c; change the declaration, then run `plumbline render`
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
