-- rendered from ga4, sha256 18922bf8a4d7dc988a15f8accd783dd5f5576f1d1fd94f9d1bef55959ae9736f; change the declaration, then run `plumbline render`
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
