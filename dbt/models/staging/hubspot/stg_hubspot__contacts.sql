-- rendered from hubspot, sha256 97a362b28e94b8f1d5a78e200a63e5a58928013d4f0445118e1b3590bfe781a7; change the declaration, then run `plumbline render`
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
