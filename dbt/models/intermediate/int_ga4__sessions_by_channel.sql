-- rendered from ga4, sha256 6b8a81fdb01942cd8add47c91ad6bdf6ad939b5ff9fb59fdf21dcfc8c040926c; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['property_id', 'date']) }}

{% if nothing_new(ref('stg_ga4__sessions_by_channel')) %}
select * from {{ this }} where false
{% else %}
with history as (
    select * from {{ ref('stg_ga4__sessions_by_channel') }}
),

touched as (
    select distinct property_id, date
    from {{ unseen(ref('stg_ga4__sessions_by_channel')) }} as unseen_rows
),

rows_of_slice as (
    select history.*
    from history
    inner join touched
        on touched.property_id = history.property_id
        and touched.date = history.date
    where history.property_id is not null
        and history.date is not null
        and history.sessionsource is not null
        and history.sessionmedium is not null
        and history.sessioncampaignname is not null
        and history.sessiondefaultchannelgroup is not null
),

newest_sync as (
    select property_id, date, _sync_id
    from rows_of_slice
    group by property_id, date, _sync_id
    qualify row_number() over (
        partition by property_id, date
        order by max(_extracted_at) desc, _sync_id desc
    ) = 1
),

current_rows as (
    select rows_of_slice.*
    from rows_of_slice
    inner join newest_sync
        on rows_of_slice._sync_id = newest_sync._sync_id
        and rows_of_slice.property_id = newest_sync.property_id
        and rows_of_slice.date = newest_sync.date
),

final as (
    select
        property_id,
        date,
        sessionsource,
        sessionmedium,
        sessioncampaignname,
        sessiondefaultchannelgroup,
        sessions,
        engagedsessions,
        totalusers,
        keyevents,
        purchaserevenue,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from current_rows
    qualify row_number() over (
        partition by property_id, date, sessionsource, sessionmedium, sessioncampaignname, sessiondefaultchannelgroup
        order by _extracted_at desc, _source_file desc, _source_row desc
    ) = 1
)

select * from final
{% endif %}
