[[ s ]]_ours as (
    select account, day, sum(value) as value
    from (
        [[ ours | join('\n        union all\n        ') ]]
    ) as parts
    where day is not null
    group by account, day
),

[[ s ]]_theirs as (
    [[ theirs ]]
),

[[ s ]]_sides as (
    select account, day, 'reconcile_ours' as metric, value from [[ s ]]_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from [[ s ]]_theirs
    where day is not null
),

[[ s ]]_reconciled as (
    select
        pending.window_start,
        pending.window_end,
        '[[ s ]]' as model,
        pairs.account,
        pairs.day,
        pairs.metric,
        '[[ measure ]]' as field,
        coalesce(sides.value, 0) * [[ scale ]] as value,
        cast(null as decimal(38, 6)) as baseline,
        cast(null as bigint) as baseline_n,
        case when sides.value is null then 'no rows on this side' else '' end as detail,
        cast(null as bigint) as sync_id
    from pending
    inner join (
        select keys.account, keys.day, metrics.metric
        from (select distinct account, day from [[ s ]]_sides) as keys
        cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    ) as pairs
        on pairs.day >= cast(pending.window_start as date)
        and cast({{ dbt.dateadd('day', 1, 'pairs.day') }} as timestamp) <= pending.window_end
    left join [[ s ]]_sides as sides
        on pairs.account = sides.account and pairs.day = sides.day and pairs.metric = sides.metric
)