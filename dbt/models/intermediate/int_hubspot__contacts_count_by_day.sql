-- rendered from hubspot, sha256 0eecda72304930dc211a57898316744bfeb21a8e3acd77451700be4f7090408f; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='slices', unique_key=['created_on']) }}

{% if nothing_new(ref('stg_hubspot__contacts_count_by_day')) %}
select * from {{ this }} where false
{% else %}
with delivered as (
    select
        created_on,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        max(_load_seq) as load_seq
    from {{ ref('stg_hubspot__contacts_count_by_day') }}
    where created_on is not null
    group by created_on, _sync_id
),

-- What a sync spoke about: every day from the first to the last that it brought of an account.
syncs as (
    select
        min(created_on) as first_day,
        max(created_on) as last_day,
        -- Beyond what the source restates, silence is no statement: a lone old day says nothing about those after it.
        {{ plus_days('max(created_on)', -2) }} as silent_since,
        _sync_id,
        min(began_at) as began_at,
        max(load_seq) as load_seq
    from delivered
    group by _sync_id
),

touched as (
    select distinct delivered.created_on
    from delivered
    inner join syncs
        on delivered.created_on between syncs.first_day and syncs.last_day
    {% if is_incremental() %}
    where syncs.load_seq > {{ known_load_seq(this) }}
    {% endif %}
),

newest_sync as (
    select touched.created_on, syncs._sync_id
    from touched
    inner join syncs
        on touched.created_on between syncs.first_day and syncs.last_day
    left join delivered
        on delivered.created_on = touched.created_on
        and delivered._sync_id = syncs._sync_id
    where delivered._sync_id is not null or touched.created_on >= syncs.silent_since
    qualify row_number() over (
        partition by touched.created_on
        order by coalesce(delivered.read_at, syncs.began_at) desc, syncs._sync_id desc
    ) = 1
),

-- The history is read twice on purpose: a shared step would hold all its columns for all its rows.
current_rows as (
    select history.*
    from {{ ref('stg_hubspot__contacts_count_by_day') }} as history
    inner join newest_sync
        on history._sync_id = newest_sync._sync_id
        and history.created_on = newest_sync.created_on
    where history.created_on is not null
    qualify row_number() over (
        partition by history.created_on
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
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
    {% if is_incremental() %}
    union all
    -- A slice that its newest sync emptied: a row of nothing but the slice, which the strategy does not insert.
    select
        newest_sync.created_on,
        null as contacts,
        null as _sync_id,
        null as _extracted_at,
        null as _source_file,
        null as _source_row,
        null as _load_seq,
        null as _changes
    from newest_sync
    left join delivered
        on delivered.created_on = newest_sync.created_on
        and delivered._sync_id = newest_sync._sync_id
    where delivered._sync_id is null
    {% endif %}
)

select * from final
{% endif %}
