[[ s ]]_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('[[ source ]]', '[[ s ]]') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = '[[ s ]]'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

[[ s ]]_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('[[ source ]]', '[[ s ]]') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = '[[ s ]]'
    group by batches.window_start, batches.window_end
),

[[ s ]]_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from [[ s ]]_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

[[ s ]]_counted as (
    select
        batches.window_start,
        batches.window_end,
        [[ counts | join(',\n        ') ]]
    from {{ ref('[[ staging ]]') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = '[[ s ]]'
    group by batches.window_start, batches.window_end
),

[% if uncastable %]
[[ s ]]_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        [[ sums | join(',\n        ') ]]
    from {{ ref('[[ typed ]]') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = '[[ s ]]'
    inner join {{ source('[[ source ]]', '[[ s ]]') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where [[ any_null | join('\n        or ') ]]
    group by batches.window_start, batches.window_end
),

[% endif %]
[% if held %]
[[ s ]]_held as (
    select
        batches.window_start,
        batches.window_end,
        [[ held | join(',\n        ') ]]
    from {{ ref('[[ typed ]]') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = '[[ s ]]'
    group by batches.window_start, batches.window_end
),

[% endif %]
[[ s ]]_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        [[ wide | join(',\n        ') ]]
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = '[[ s ]]'
    left join [[ s ]]_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join [[ s ]]_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join [[ s ]]_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    [% if uncastable %]
    left join [[ s ]]_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
    [% endif %]
    [% if held %]
    left join [[ s ]]_held as held
        on pending.window_start = held.window_start and pending.window_end = held.window_end
    [% endif %]
),

[[ s ]]_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from [[ s ]]_wide
    unpivot include nulls (value for name in (
        [[ names | join(',\n        ') ]]
    ))
),

[[ s ]]_keys as (
    {{ key_counts('[[ s ]]_raw') }}
),

[[ s ]]_declared as (
    select key_name from (values [[ keys | join(', ') ]]) as declared (key_name)
),

[[ s ]]_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join [[ s ]]_declared as declared
    left join [[ s ]]_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from [[ s ]]_keys
    where payload_key not in (select key_name from [[ s ]]_declared)
),

[[ s ]]_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('[[ source ]]', '[[ s ]]') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = '[[ s ]]'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

[[ s ]]_nulled as (
    {{ nulled_counts('[[ s ]]_changes') }}
),

[[ s ]]_measured as (
    select window_start, window_end, '[[ s ]]' as model, sync_id, metric, field, value
    from [[ s ]]_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        '[[ s ]]' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from [[ s ]]_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from [[ s ]]_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = '[[ s ]]'
)