-- rendered from ga4, sha256 18922bf8a4d7dc988a15f8accd783dd5f5576f1d1fd94f9d1bef55959ae9736f; change the declaration, then run `plumbline render`
{% if nothing_to_measure('ga4') %}
select * from {{ this }} where false
{% else %}
{%- set told_from = first_day_to_tell('ga4', 5) %}
with ledger as (
    select
        window_start,
        window_end,
        stream,
        sync_id,
        load_seq,
        "rows" as object_rows
    from {{ source('plumbline', 'load_ledger') }}
    where source = 'ga4'
),

pending as (
    {{ windows_to_measure('ga4') }}
),

batches as (
    select
        ledger.stream,
        pending.window_start,
        pending.window_end,
        ledger.sync_id,
        sum(ledger.object_rows) as sync_rows
    from ledger
    inner join pending on ledger.window_start = pending.window_start and ledger.window_end = pending.window_end
    group by ledger.stream, pending.window_start, pending.window_end, ledger.sync_id
    qualify row_number() over (
        partition by ledger.stream, pending.window_start, pending.window_end
        order by max(ledger.load_seq) desc, ledger.sync_id desc
    ) = 1
),

sessions_by_channel_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('ga4', 'sessions_by_channel') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'sessions_by_channel'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

sessions_by_channel_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('ga4', 'sessions_by_channel') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'sessions_by_channel'
    group by batches.window_start, batches.window_end
),

sessions_by_channel_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from sessions_by_channel_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

sessions_by_channel_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.property_id as varchar) || '|' || cast(typed.date as varchar) || '|' || cast(typed.sessionsource as varchar) || '|' || cast(typed.sessionmedium as varchar) || '|' || cast(typed.sessioncampaignname as varchar) || '|' || cast(typed.sessiondefaultchannelgroup as varchar)) as "distinct_keys",
        sum(case when typed.property_id is null or typed.date is null or typed.sessionsource is null or typed.sessionmedium is null or typed.sessioncampaignname is null or typed.sessiondefaultchannelgroup is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.property_id) as "nulls:property_id",
        count(*) - count(typed.date) as "nulls:date",
        count(*) - count(typed.sessionsource) as "nulls:sessionSource",
        count(*) - count(typed.sessionmedium) as "nulls:sessionMedium",
        count(*) - count(typed.sessioncampaignname) as "nulls:sessionCampaignName",
        count(*) - count(typed.sessiondefaultchannelgroup) as "nulls:sessionDefaultChannelGroup",
        count(*) - count(typed.sessions) as "nulls:sessions",
        count(*) - count(typed.engagedsessions) as "nulls:engagedSessions",
        count(*) - count(typed.totalusers) as "nulls:totalUsers",
        count(*) - count(typed.keyevents) as "nulls:keyEvents",
        count(*) - count(typed.purchaserevenue) as "nulls:purchaseRevenue"
    from {{ ref('stg_ga4__sessions_by_channel') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'sessions_by_channel'
    group by batches.window_start, batches.window_end
),

sessions_by_channel_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.date is null and {{ payload_holds('delivered._airbyte_data', ['date']) }} then 1 else 0 end) as "uncastable:date",
        sum(case when typed.sessions is null and {{ payload_holds('delivered._airbyte_data', ['sessions']) }} then 1 else 0 end) as "uncastable:sessions",
        sum(case when typed.engagedsessions is null and {{ payload_holds('delivered._airbyte_data', ['engagedSessions']) }} then 1 else 0 end) as "uncastable:engagedSessions",
        sum(case when typed.totalusers is null and {{ payload_holds('delivered._airbyte_data', ['totalUsers']) }} then 1 else 0 end) as "uncastable:totalUsers",
        sum(case when typed.keyevents is null and {{ payload_holds('delivered._airbyte_data', ['keyEvents']) }} then 1 else 0 end) as "uncastable:keyEvents",
        sum(case when typed.purchaserevenue is null and {{ payload_holds('delivered._airbyte_data', ['purchaseRevenue']) }} then 1 else 0 end) as "uncastable:purchaseRevenue"
    from {{ ref('stg_ga4__sessions_by_channel') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'sessions_by_channel'
    inner join {{ source('ga4', 'sessions_by_channel') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.date is null
        or typed.sessions is null
        or typed.engagedsessions is null
        or typed.totalusers is null
        or typed.keyevents is null
        or typed.purchaserevenue is null
    group by batches.window_start, batches.window_end
),

sessions_by_channel_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:property_id" as decimal(38, 6)) as "nulls:property_id",
        cast(counted."nulls:date" as decimal(38, 6)) as "nulls:date",
        cast(counted."nulls:sessionSource" as decimal(38, 6)) as "nulls:sessionSource",
        cast(counted."nulls:sessionMedium" as decimal(38, 6)) as "nulls:sessionMedium",
        cast(counted."nulls:sessionCampaignName" as decimal(38, 6)) as "nulls:sessionCampaignName",
        cast(counted."nulls:sessionDefaultChannelGroup" as decimal(38, 6)) as "nulls:sessionDefaultChannelGroup",
        cast(counted."nulls:sessions" as decimal(38, 6)) as "nulls:sessions",
        cast(counted."nulls:engagedSessions" as decimal(38, 6)) as "nulls:engagedSessions",
        cast(counted."nulls:totalUsers" as decimal(38, 6)) as "nulls:totalUsers",
        cast(counted."nulls:keyEvents" as decimal(38, 6)) as "nulls:keyEvents",
        cast(counted."nulls:purchaseRevenue" as decimal(38, 6)) as "nulls:purchaseRevenue",
        cast(uncastable."uncastable:date" as decimal(38, 6)) as "uncastable:date",
        cast(uncastable."uncastable:sessions" as decimal(38, 6)) as "uncastable:sessions",
        cast(uncastable."uncastable:engagedSessions" as decimal(38, 6)) as "uncastable:engagedSessions",
        cast(uncastable."uncastable:totalUsers" as decimal(38, 6)) as "uncastable:totalUsers",
        cast(uncastable."uncastable:keyEvents" as decimal(38, 6)) as "uncastable:keyEvents",
        cast(uncastable."uncastable:purchaseRevenue" as decimal(38, 6)) as "uncastable:purchaseRevenue"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'sessions_by_channel'
    left join sessions_by_channel_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join sessions_by_channel_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join sessions_by_channel_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join sessions_by_channel_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

sessions_by_channel_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from sessions_by_channel_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:property_id",
        "nulls:date",
        "nulls:sessionSource",
        "nulls:sessionMedium",
        "nulls:sessionCampaignName",
        "nulls:sessionDefaultChannelGroup",
        "nulls:sessions",
        "nulls:engagedSessions",
        "nulls:totalUsers",
        "nulls:keyEvents",
        "nulls:purchaseRevenue",
        "uncastable:date",
        "uncastable:sessions",
        "uncastable:engagedSessions",
        "uncastable:totalUsers",
        "uncastable:keyEvents",
        "uncastable:purchaseRevenue"
    ))
),

sessions_by_channel_keys as (
    {{ key_counts('sessions_by_channel_raw') }}
),

sessions_by_channel_declared as (
    select key_name from (values ('property_id'), ('date'), ('sessionSource'), ('sessionMedium'), ('sessionCampaignName'), ('sessionDefaultChannelGroup'), ('sessions'), ('engagedSessions'), ('totalUsers'), ('keyEvents'), ('purchaseRevenue')) as declared (key_name)
),

sessions_by_channel_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join sessions_by_channel_declared as declared
    left join sessions_by_channel_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from sessions_by_channel_keys
    where payload_key not in (select key_name from sessions_by_channel_declared)
),

sessions_by_channel_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('ga4', 'sessions_by_channel') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'sessions_by_channel'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

sessions_by_channel_nulled as (
    {{ nulled_counts('sessions_by_channel_changes') }}
),

sessions_by_channel_measured as (
    select window_start, window_end, 'sessions_by_channel' as model, sync_id, metric, field, value
    from sessions_by_channel_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'sessions_by_channel' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from sessions_by_channel_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from sessions_by_channel_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'sessions_by_channel'
),

events_report_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('ga4', 'events_report') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events_report'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

events_report_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('ga4', 'events_report') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events_report'
    group by batches.window_start, batches.window_end
),

events_report_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from events_report_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

events_report_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.property_id as varchar) || '|' || cast(typed.date as varchar) || '|' || cast(typed.eventname as varchar)) as "distinct_keys",
        sum(case when typed.property_id is null or typed.date is null or typed.eventname is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.property_id) as "nulls:property_id",
        count(*) - count(typed.date) as "nulls:date",
        count(*) - count(typed.eventname) as "nulls:eventName",
        count(*) - count(typed.eventcount) as "nulls:eventCount",
        count(*) - count(typed.totalusers) as "nulls:totalUsers"
    from {{ ref('stg_ga4__events_report') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'events_report'
    group by batches.window_start, batches.window_end
),

events_report_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.date is null and {{ payload_holds('delivered._airbyte_data', ['date']) }} then 1 else 0 end) as "uncastable:date",
        sum(case when typed.eventcount is null and {{ payload_holds('delivered._airbyte_data', ['eventCount']) }} then 1 else 0 end) as "uncastable:eventCount",
        sum(case when typed.totalusers is null and {{ payload_holds('delivered._airbyte_data', ['totalUsers']) }} then 1 else 0 end) as "uncastable:totalUsers"
    from {{ ref('stg_ga4__events_report') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'events_report'
    inner join {{ source('ga4', 'events_report') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.date is null
        or typed.eventcount is null
        or typed.totalusers is null
    group by batches.window_start, batches.window_end
),

events_report_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:property_id" as decimal(38, 6)) as "nulls:property_id",
        cast(counted."nulls:date" as decimal(38, 6)) as "nulls:date",
        cast(counted."nulls:eventName" as decimal(38, 6)) as "nulls:eventName",
        cast(counted."nulls:eventCount" as decimal(38, 6)) as "nulls:eventCount",
        cast(counted."nulls:totalUsers" as decimal(38, 6)) as "nulls:totalUsers",
        cast(uncastable."uncastable:date" as decimal(38, 6)) as "uncastable:date",
        cast(uncastable."uncastable:eventCount" as decimal(38, 6)) as "uncastable:eventCount",
        cast(uncastable."uncastable:totalUsers" as decimal(38, 6)) as "uncastable:totalUsers"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'events_report'
    left join events_report_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join events_report_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join events_report_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join events_report_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

events_report_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from events_report_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:property_id",
        "nulls:date",
        "nulls:eventName",
        "nulls:eventCount",
        "nulls:totalUsers",
        "uncastable:date",
        "uncastable:eventCount",
        "uncastable:totalUsers"
    ))
),

events_report_keys as (
    {{ key_counts('events_report_raw') }}
),

events_report_declared as (
    select key_name from (values ('property_id'), ('date'), ('eventName'), ('eventCount'), ('totalUsers')) as declared (key_name)
),

events_report_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join events_report_declared as declared
    left join events_report_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from events_report_keys
    where payload_key not in (select key_name from events_report_declared)
),

events_report_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('ga4', 'events_report') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'events_report'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

events_report_nulled as (
    {{ nulled_counts('events_report_changes') }}
),

events_report_measured as (
    select window_start, window_end, 'events_report' as model, sync_id, metric, field, value
    from events_report_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'events_report' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from events_report_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from events_report_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'events_report'
),

measured as (
    select * from sessions_by_channel_measured
    union all
    select * from events_report_measured
),

null_history as (
    select model, field, window_start, window_end, nulls, batch_rows
    from (
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from measured as n
        inner join measured as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and r.metric = 'rows'
        where n.metric = 'nulls'
        {% if is_incremental() %}
        union all
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from {{ this }} as n
        inner join {{ this }} as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and n.load_seq = r.load_seq and r.metric = 'rows'
        where n.metric = 'nulls'
            and n.window_end > (select {{ dbt.dateadd('day', -28, 'min(window_start)') }} from pending)
            and not exists (
                select 1
                from pending
                where pending.window_start = n.window_start and pending.window_end = n.window_end
            )
        qualify n.load_seq = max(n.load_seq) over (partition by n.model, n.window_start, n.window_end)
        {% endif %}
    ) as known
),

null_baselines as (
    select
        judged.model,
        judged.field,
        judged.window_start,
        judged.window_end,
        sum(earlier.nulls) as nulls_before,
        sum(earlier.batch_rows) as rows_before
    from null_history as judged
    inner join pending on judged.window_start = pending.window_start and judged.window_end = pending.window_end
    inner join null_history as earlier
        on judged.model = earlier.model and judged.field = earlier.field
        and earlier.window_end <= judged.window_start
        and earlier.window_end > {{ dbt.dateadd('day', -28, 'judged.window_start') }}
    group by judged.model, judged.field, judged.window_start, judged.window_end
),

batch_figures as (
    select
        measured.window_start,
        measured.window_end,
        measured.model,
        '' as account,
        cast(null as date) as day,
        measured.metric,
        measured.field,
        cast(coalesce(measured.value, 0) as decimal(38, 6)) as value,
        cast(baselines.nulls_before / nullif(baselines.rows_before, 0) as decimal(38, 6)) as baseline,
        case when measured.metric = 'nulls' then cast(coalesce(baselines.rows_before, 0) as bigint) end as baseline_n,
        '' as detail,
        measured.sync_id
    from measured
    left join null_baselines as baselines
        on measured.metric = 'nulls' and measured.model = baselines.model and measured.field = baselines.field
        and measured.window_start = baselines.window_start and measured.window_end = baselines.window_end
),

sessions_by_channel_delivered as (
    select
        property_id,
        date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_ga4__sessions_by_channel') }}
    where property_id is not null and date is not null and sessionsource is not null and sessionmedium is not null and sessioncampaignname is not null and sessiondefaultchannelgroup is not null
    group by property_id, date, _sync_id
),

sessions_by_channel_syncs as (
    select
        property_id,
        min(date) as first_day,
        max(date) as last_day,
        {{ plus_days('max(date)', -5) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from sessions_by_channel_delivered
    group by property_id, _sync_id
),

sessions_by_channel_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.property_id,
        days.date
    from batches
    inner join sessions_by_channel_syncs as judged on judged._sync_id = batches.sync_id
    inner join sessions_by_channel_delivered as days
        on days.property_id = judged.property_id and days.date between judged.first_day and judged.last_day
        and days.date < cast(batches.window_start as date)
    where batches.stream = 'sessions_by_channel'
),

sessions_by_channel_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.property_id, closed.date
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from sessions_by_channel_closed as closed
        inner join sessions_by_channel_syncs as syncs
            on syncs.property_id = closed.property_id and closed.date between syncs.first_day and syncs.last_day
        left join sessions_by_channel_delivered as said
            on said.property_id = closed.property_id and said.date = closed.date and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.date >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

sessions_by_channel_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from sessions_by_channel_pairs
        union all
        select *, 'before' as side, before_id as side_id from sessions_by_channel_pairs
    ) as sides
    inner join {{ ref('stg_ga4__sessions_by_channel') }} as history
        on history.property_id = sides.property_id and history.date = sides.date and history._sync_id = sides.side_id
    where history.property_id is not null and history.date is not null and history.sessionsource is not null and history.sessionmedium is not null and history.sessioncampaignname is not null and history.sessiondefaultchannelgroup is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.property_id, history.date, history.sessionsource, history.sessionmedium, history.sessioncampaignname, history.sessiondefaultchannelgroup
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

sessions_by_channel_said as (
    select
        side,
        window_start,
        window_end,
        property_id,
        date,
        'sessions' as field,
        sum(cast(coalesce(sessions, 0) as decimal(38, 6))) * 1 as value
    from sessions_by_channel_kept
    group by side, window_start, window_end, property_id, date
    union all
    select
        side,
        window_start,
        window_end,
        property_id,
        date,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from sessions_by_channel_kept
    group by side, window_start, window_end, property_id, date
),

sessions_by_channel_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.property_id as varchar) as account,
        pairs.date as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from sessions_by_channel_pairs as pairs
    cross join (values ('sessions'), ('rows')) as figures (field)
    left join sessions_by_channel_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.property_id = pairs.property_id and after_it.date = pairs.date
    left join sessions_by_channel_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.property_id = pairs.property_id and before_it.date = pairs.date
),

sessions_by_channel_restated as (
    select
        window_start,
        window_end,
        'sessions_by_channel' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from sessions_by_channel_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -5) }}
    union all
    select
        window_start,
        window_end,
        'sessions_by_channel' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from sessions_by_channel_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -5) }}
    group by window_start, window_end, account, field
),

events_report_delivered as (
    select
        property_id,
        date,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_ga4__events_report') }}
    where property_id is not null and date is not null and eventname is not null
    group by property_id, date, _sync_id
),

events_report_syncs as (
    select
        property_id,
        min(date) as first_day,
        max(date) as last_day,
        {{ plus_days('max(date)', -5) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from events_report_delivered
    group by property_id, _sync_id
),

events_report_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.property_id,
        days.date
    from batches
    inner join events_report_syncs as judged on judged._sync_id = batches.sync_id
    inner join events_report_delivered as days
        on days.property_id = judged.property_id and days.date between judged.first_day and judged.last_day
        and days.date < cast(batches.window_start as date)
    where batches.stream = 'events_report'
),

events_report_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.property_id, closed.date
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from events_report_closed as closed
        inner join events_report_syncs as syncs
            on syncs.property_id = closed.property_id and closed.date between syncs.first_day and syncs.last_day
        left join events_report_delivered as said
            on said.property_id = closed.property_id and said.date = closed.date and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.date >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

events_report_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from events_report_pairs
        union all
        select *, 'before' as side, before_id as side_id from events_report_pairs
    ) as sides
    inner join {{ ref('stg_ga4__events_report') }} as history
        on history.property_id = sides.property_id and history.date = sides.date and history._sync_id = sides.side_id
    where history.property_id is not null and history.date is not null and history.eventname is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.property_id, history.date, history.eventname
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

events_report_said as (
    select
        side,
        window_start,
        window_end,
        property_id,
        date,
        'eventCount' as field,
        sum(cast(coalesce(eventcount, 0) as decimal(38, 6))) * 1 as value
    from events_report_kept
    group by side, window_start, window_end, property_id, date
    union all
    select
        side,
        window_start,
        window_end,
        property_id,
        date,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from events_report_kept
    group by side, window_start, window_end, property_id, date
),

events_report_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.property_id as varchar) as account,
        pairs.date as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from events_report_pairs as pairs
    cross join (values ('eventCount'), ('rows')) as figures (field)
    left join events_report_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.property_id = pairs.property_id and after_it.date = pairs.date
    left join events_report_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.property_id = pairs.property_id and before_it.date = pairs.date
),

events_report_restated as (
    select
        window_start,
        window_end,
        'events_report' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from events_report_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -5) }}
    union all
    select
        window_start,
        window_end,
        'events_report' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from events_report_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -5) }}
    group by window_start, window_end, account, field
),

all_figures as (
    select * from batch_figures
    union all
    select * from sessions_by_channel_restated
    union all
    select * from events_report_restated
),

final as (
    select
        figures.window_start,
        figures.window_end,
        'ga4' as source,
        figures.model,
        figures.account,
        figures.day,
        figures.metric,
        figures.field,
        cast(figures.value as decimal(38, 6)) as value,
        cast(figures.baseline as decimal(38, 6)) as baseline,
        cast(figures.baseline_n as bigint) as baseline_n,
        figures.detail,
        cast(figures.sync_id as bigint) as sync_id,
        cast(pending.load_seq as bigint) as load_seq
    from all_figures as figures
    inner join pending
        on figures.window_start = pending.window_start and figures.window_end = pending.window_end
)

select * from final
{% endif %}
