-- rendered from ga4, sha256 6b8a81fdb01942cd8add47c91ad6bdf6ad939b5ff9fb59fdf21dcfc8c040926c; change the declaration, then run `plumbline render`
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
