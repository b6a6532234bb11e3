[[ s ]]_ours as (
    select account, day, sum(value) as value, max(sync_id) as sync_id
    from (
        [[ ours | join('\n        union all\n        ') ]]
    ) as parts
    where day is not null
    group by account, day
),

[[ s ]]_theirs as (
    [[ theirs ]]
),

[% if uncounted %]
[[ s ]]_uncounted as (
    select account, day, bucket, sum(value) as value, count(*) as bucket_rows
    from (
        [[ uncounted | join('\n        union all\n        ') ]]
    ) as rows_beside
    group by account, day, bucket
),

[% endif %]
[[ s ]]_sides as (
    select account, day, 'reconcile_ours' as metric, value from [[ s ]]_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from [[ s ]]_theirs
    where day is not null
),

-- Every day of the look-back is told anew, because the sync may have changed it; a check reads those of its window.
-- Days before the first that the control ever stated have nothing to be compared with.
[[ s ]]_days as (
    select pending.window_start, pending.window_end, keys.account, keys.day
    from pending
    inner join (select distinct account, day from [[ s ]]_sides) as keys
        on keys.day >= {{ plus_days('cast(pending.window_start as date)', -[[ reach ]]) }}
        and cast({{ dbt.dateadd('day', 1, 'keys.day') }} as timestamp) <= pending.window_end
    where
        keys.day >= cast(pending.window_start as date)
        or keys.day >= (select min(day) from [[ s ]]_theirs)
),

[[ s ]]_told as (
    select
        days.*,
        metrics.metric,
        coalesce(sides.value, 0) * [[ scale ]] as value,
        cast(null as bigint) as value_rows,
        case when sides.value is null then 'no rows on this side' else '' end as detail
    from [[ s ]]_days as days
    cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    left join [[ s ]]_sides as sides
        on days.account = sides.account and days.day = sides.day and metrics.metric = sides.metric
    union all
    -- The first load of the sync that spoke last: marts that hold less are older than these rows.
    select
        days.*,
        'reconcile_loaded' as metric,
        first_loads.load_seq as value,
        cast(null as bigint) as value_rows,
        '' as detail
    from [[ s ]]_days as days
    inner join [[ s ]]_ours as ours on days.account = ours.account and days.day = ours.day
    inner join (select sync_id, min(load_seq) as load_seq from ledger group by sync_id) as first_loads
        on ours.sync_id = first_loads.sync_id
    [% if uncounted %]
    union all
    select
        days.*,
        'reconcile_' || beside.bucket as metric,
        beside.value * [[ scale ]] as value,
        beside.bucket_rows as value_rows,
        '' as detail
    from [[ s ]]_days as days
    inner join [[ s ]]_uncounted as beside on days.account = beside.account and days.day = beside.day
    [% endif %]
),

[[ s ]]_reconciled as (
    select
        window_start,
        window_end,
        '[[ s ]]' as model,
        account,
        day,
        metric,
        '[[ measure ]]' as field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(value_rows as bigint) as baseline_n,
        detail,
        cast(null as bigint) as sync_id
    from [[ s ]]_told
)