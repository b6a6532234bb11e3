-- rendered from ga4_export, sha256 24f0ab503d36f1d2a28845aff6b18e22c835822d34a39a734e80035618be1c6e; change the declaration, then run `plumbline render`
{{ config(incremental_strategy='new_keys', unique_key=['event_key', 'event_date']) }}

{% if nothing_new(source('ga4_export', 'events')) %}
select * from {{ this }} where false
{% else %}
with typed as (
    {{ typed_ga4_export__events(unseen(source('ga4_export', 'events'))) }}
),

final as (
    select *
    from typed
    qualify event_key is null or row_number() over (
        partition by event_key
        order by _extracted_at desc, _sync_id desc, _source_file desc, _source_row desc
    ) = 1
)

select * from final
{% endif %}
