-- rendered from ga4, sha256 18922bf8a4d7dc988a15f8accd783dd5f5576f1d1fd94f9d1bef55959ae9736f; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='slices', unique_key=['property_id', 'date']) }}

{% if nothing_new(ref('stg_ga4__events_report')) %}
select * from {{ this }} where false
{% else %}
with delivered as (
    select
        property_id,
        date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        max(_load_seq) as load_seq
    from {{ ref('stg_ga4__events_report') }}
    where property_id is not null
        and date is not null
        and eventname is not null
    group by property_id, date, _sync_id
),

-- What a sync spoke about: every day from the first to the last that it brought of an account.
syncs as (
    select
        property_id,
        min(date) as first_day,
        max(date) as last_day,
        -- Beyond what the source restates, silence is no statement: a lone old day says nothing about those after it.
        {{ plus_days('max(date)', -5) }} as silent_since,
        _sync_id,
        min(began_at) as began_at,
        max(load_seq) as load_seq
    from delivered
    group by property_id, _sync_id
),

touched as (
    select distinct delivered.property_id, delivered.date
    from delivered
    inner join syncs
        on syncs.property_id = delivered.property_id
        and delivered.date between syncs.first_day and syncs.last_day
    {% if is_incremental() %}
    where syncs.load_seq > {{ known_load_seq(this) }}
    {% endif %}
),

newest_sync as (
    select touched.property_id, touched.date, syncs._sync_id
    from touched
    inner join syncs
        on syncs.property_id = touched.property_id
        and touched.date between syncs.first_day and syncs.last_day
    left join delivered
        on delivered.property_id = touched.property_id and delivered.date = touched.date
        and delivered._sync_id = syncs._sync_id
    where delivered._sync_id is not null or touched.date >= syncs.silent_since
    qualify row_number() over (
        partition by touched.property_id, touched.date
        order by coalesce(delivered.read_at, syncs.began_at) desc, syncs._sync_id desc
    ) = 1
),

-- The history is read twice on purpose: a shared step would hold all its columns for all its rows.
current_rows as (
    select history.*
    from {{ ref('stg_ga4__events_report') }} as history
    inner join newest_sync
        on history._sync_id = newest_sync._sync_id
        and history.property_id = newest_sync.property_id
        and history.date = newest_sync.date
    where history.property_id is not null
        and history.date is not null
        and history.eventname is not null
    qualify row_number() over (
        partition by history.property_id, history.date, history.eventname
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

final as (
    select
        property_id,
        date,
        eventname,
        eventcount,
        totalusers,
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
        newest_sync.property_id,
        newest_sync.date,
        null as eventname,
        null as eventcount,
        null as totalusers,
        null as _sync_id,
        null as _extracted_at,
        null as _source_file,
        null as _source_row,
        null as _load_seq,
        null as _changes
    from newest_sync
    left join delivered
        on delivered.property_id = newest_sync.property_id and delivered.date = newest_sync.date
        and delivered._sync_id = newest_sync._sync_id
    where delivered._sync_id is null
    {% endif %}
)

select * from final
{% endif %}
