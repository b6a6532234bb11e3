-- rendered from hubspot, sha256 40c77cf488357173e119ff4366178debb0e3cb30d7c8a6bd4054a61a442a72c4; change the declaration, then run `plumbline render`
{% if nothing_new(source('hubspot', 'contacts')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_hubspot__contacts(unseen(source('hubspot', 'contacts'))) }}
),

final as (
    select *
    from typed
)

select * from final
{% endif %}
