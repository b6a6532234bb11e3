-- rendered from hubspot, sha256 40c77cf488357173e119ff4366178debb0e3cb30d7c8a6bd4054a61a442a72c4; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['created_on']) }}

{% if nothing_new(ref('stg_hubspot__contacts_count_by_day')) %}
select * from {{ this }} where false
{% else %}
with history as (
    select * from {{ ref('stg_hubspot__contacts_count_by_day') }}
),

touched as (
    select distinct created_on
    from {{ unseen(ref('stg_hubspot__contacts_count_by_day')) }} as unseen_rows
),

rows_of_slice as (
    select history.*
    from history
    inner join touched
        on touched.created_on = history.created_on
    where history.created_on is not null
),

newest_sync as (
    select created_on, _sync_id
    from rows_of_slice
    group by created_on, _sync_id
    qualify row_number() over (
        partition by created_on
        order by max(_extracted_at) desc, _sync_id desc
    ) = 1
),

current_rows as (
    select rows_of_slice.*
    from rows_of_slice
    inner join newest_sync
        on rows_of_slice._sync_id = newest_sync._sync_id
        and rows_of_slice.created_on = newest_sync.created_on
),

final as (
    select
        created_on,
        contacts,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from current_rows
    qualify row_number() over (
        partition by created_on
        order by _extracted_at desc, _source_file desc, _source_row desc
    ) = 1
)

select * from final
{% endif %}
