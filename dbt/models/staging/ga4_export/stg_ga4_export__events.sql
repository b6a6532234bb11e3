-- rendered from ga4_export, sha256 e0ee32b73d2cd18fa4da38139fdbd7c5525b03d05b1c9e9ca8564afd7d791025; change the declaration, then run `plumbline render`
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
