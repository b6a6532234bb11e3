[[ s ]]_daily as (
    select
        cast([[ account ]] as varchar) as account,
        [% if campaign %]
        coalesce(cast([[ campaign ]] as varchar), '') as campaign,
        [% else %]
        '' as campaign,
        [% endif %]
        [[ day ]] as day,
        [% for metric in metrics %]
        sum(cast(coalesce([[ metric.column ]], 0) as decimal(38, 6))) * [[ metric.scale ]] as [[ metric.name ]][[ "," if not loop.last ]]
        [% endfor %]
    from {{ ref('[[ current ]]') }}
    where [[ day ]] >= (select {{ plus_days('min(window_start)', -[[ days ]]) }} from pending)
    group by [[ "1, 2, 3" if campaign else "1, 3" ]]
),

[% if hour %]
[[ s ]]_hours as (
    select cast([[ account ]] as varchar) as account, [[ day ]] as day, count(distinct [[ hour ]]) as hours
    from {{ ref('[[ current ]]') }}
    where [[ day ]] >= (select {{ plus_days('min(window_start)', -[[ days ]]) }} from pending)
    group by 1, 2
),

[% endif %]
[[ s ]]_targets as (
    select pending.window_start, pending.window_end, listed.day, accounts.account
    from pending
    inner join (select distinct day from [[ s ]]_daily) as listed
        on listed.day >= cast(pending.window_start as date) and cast(listed.day as timestamp) < pending.window_end
    cross join (select distinct account from [[ s ]]_daily) as accounts
),

[[ s ]]_seen as (
    [% for metric in metrics %]
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        '[[ metric.name ]]' as metric,
        '' as field,
        coalesce(sum(daily.[[ metric.name ]]), 0) as value
    from [[ s ]]_targets as targets
    left join [[ s ]]_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    [% if campaign %]
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        '[[ split ]][[ metric.name ]]' as metric,
        daily.campaign as field,
        daily.[[ metric.name ]] as value
    from [[ s ]]_targets as targets
    inner join [[ s ]]_daily as daily on targets.account = daily.account and targets.day = daily.day
    [% endif %]
    [% if not loop.last or hour %]
    union all
    [% endif %]
    [% endfor %]
    [% if hour %]
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'hours' as metric,
        '' as field,
        coalesce(cast(hourly.hours as decimal(38, 6)), 0) as value
    from [[ s ]]_targets as targets
    left join [[ s ]]_hours as hourly on targets.account = hourly.account and targets.day = hourly.day
    [% endif %]
),

[[ s ]]_watched as (
    select
        window_start,
        window_end,
        '[[ s ]]' as model,
        account,
        day,
        metric,
        field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        cast(null as bigint) as sync_id
    from [[ s ]]_seen
)