[[ s ]]_late as (
    select
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        events.[[ day ]] as day,
        count(*) as late_rows,
        min(events._load_seq) as load_seq
    from batches
    inner join {{ ref('[[ staging ]]') }} as events
        on events._sync_id = batches.sync_id
        and events.[[ day ]] < {{ plus_days('cast(batches.window_start as date)', -[[ reach ]]) }}
    where batches.stream = '[[ s ]]'
    group by batches.window_start, batches.window_end, batches.sync_id, events.[[ day ]]
),

[[ s ]]_restated as (
    select
        late.window_start,
        late.window_end,
        '[[ s ]]' as model,
        '' as account,
        late.day,
        'restated_beyond' as metric,
        'rows' as field,
        count(*) + max(late.late_rows) as value,
        count(*) as baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        late.sync_id
    from [[ s ]]_late as late
    inner join {{ ref('[[ staging ]]') }} as events
        on events.[[ day ]] = late.day and events._load_seq < late.load_seq
    group by late.window_start, late.window_end, late.day, late.sync_id
)