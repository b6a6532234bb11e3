[[ s ]]_daily as (
    [% for metric in metrics %]
    select
        cast([[ account ]] as varchar) as account,
        [[ day ]] as day,
        '[[ metric.name ]]' as metric,
        sum(cast(coalesce([[ metric.column ]], 0) as decimal(38, 6))) * [[ metric.scale ]] as value
    from {{ ref('[[ current ]]') }}
    group by [[ account ]], [[ day ]]
    [% if not loop.last %]
    union all
    [% endif %]
    [% endfor %]
),

[[ s ]]_targets as (
    select
        pending.window_start,
        pending.window_end,
        days.day,
        accounts.account,
        accounts.metric,
        coalesce(daily.value, 0) as value
    from pending
    inner join (select distinct day from [[ s ]]_daily) as days
        on days.day >= cast(pending.window_start as date) and cast(days.day as timestamp) < pending.window_end
    cross join (select distinct account, metric from [[ s ]]_daily) as accounts
    left join [[ s ]]_daily as daily
        on accounts.account = daily.account and accounts.metric = daily.metric and days.day = daily.day
),

[[ s ]]_history as (
    select
        targets.account,
        targets.metric,
        targets.day,
        daily.day as past_day,
        dayofweek(daily.day) as past_weekday,
        daily.value
    from (select distinct account, metric, day from [[ s ]]_targets) as targets
    inner join [[ s ]]_daily as daily
        on targets.account = daily.account and targets.metric = daily.metric
        and daily.day >= cast({{ dbt.dateadd('day', -[[ days ]], 'targets.day') }} as date) and daily.day < targets.day
),

[[ s ]]_levels as (
    select account, metric, day, count(*) as days_known, median(value) as level
    from [[ s ]]_history
    group by account, metric, day
),

[[ s ]]_factors as (
    select
        history.account,
        history.metric,
        history.day,
        history.past_weekday,
        case
            when max(levels.days_known) < [[ factor_days ]] or max(levels.level) <= 0 or median(history.value) <= 0 then 1
            else least(2, greatest(0.5, median(history.value) / max(levels.level)))
        end as factor
    from [[ s ]]_history as history
    inner join [[ s ]]_levels as levels
        on history.account = levels.account and history.metric = levels.metric and history.day = levels.day
    group by history.account, history.metric, history.day, history.past_weekday
),

[[ s ]]_adjusted as (
    select
        history.account,
        history.metric,
        history.day,
        count(*) as days_known,
        median(history.value / factors.factor) as level
    from [[ s ]]_history as history
    inner join [[ s ]]_factors as factors
        on history.account = factors.account and history.metric = factors.metric and history.day = factors.day
        and history.past_weekday = factors.past_weekday
    group by history.account, history.metric, history.day
),

[[ s ]]_watched as (
    select
        targets.window_start,
        targets.window_end,
        '[[ s ]]' as model,
        targets.account,
        targets.day,
        targets.metric,
        '' as field,
        targets.value,
        adjusted.level * coalesce(factors.factor, 1) as baseline,
        coalesce(adjusted.days_known, 0) as baseline_n,
        '' as detail,
        cast(null as bigint) as sync_id
    from [[ s ]]_targets as targets
    left join [[ s ]]_adjusted as adjusted
        on targets.account = adjusted.account and targets.metric = adjusted.metric and targets.day = adjusted.day
    left join [[ s ]]_factors as factors
        on targets.account = factors.account and targets.metric = factors.metric and targets.day = factors.day
        and factors.past_weekday = dayofweek(targets.day)
)