-- rendered from hubspot, sha256 0eecda72304930dc211a57898316744bfeb21a8e3acd77451700be4f7090408f; change the declaration, then run `plumbline render`
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
