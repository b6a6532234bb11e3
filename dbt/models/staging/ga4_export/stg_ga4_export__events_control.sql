-- rendered from ga4_export, sha256 fc9e975ed0a98c199ede2cb380c8c79491efa0b155bb176fbd8b91ff45503f47; change the declaration, then run `plumbline render`
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
