-- rendered from ga4, sha256 18922bf8a4d7dc988a15f8accd783dd5f5576f1d1fd94f9d1bef55959ae9736f; change the declaration, then run `plumbline render`
{% if nothing_new(source('ga4', 'sessions_by_channel')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_ga4__sessions_by_channel(unseen(source('ga4', 'sessions_by_channel'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
