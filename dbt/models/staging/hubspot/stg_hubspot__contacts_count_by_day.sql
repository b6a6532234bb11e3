-- rendered from hubspot, sha256 40c77cf488357173e119ff4366178debb0e3cb30d7c8a6bd4054a61a442a72c4; change the declaration, then run `plumbline render`
{% if nothing_new(source('hubspot', 'contacts_count_by_day')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_hubspot__contacts_count_by_day(unseen(source('hubspot', 'contacts_count_by_day'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
