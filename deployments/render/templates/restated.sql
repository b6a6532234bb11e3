[% macro same(left, right, names) %][% for name in names %][[ left ]].[[ name ]] = [[ right ]].[[ name ]][[ '' if loop.last else ' and ' ]][% endfor %][% endmacro %]
[[ s ]]_delivered as (
    select
        [[ slices | join(',\n        ') ]],
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('[[ staging ]]') }}
    where [% for name in present %][[ name ]] is not null[[ '' if loop.last else ' and ' ]][% endfor %]

    group by [[ slices | join(', ') ]], _sync_id
),

[[ s ]]_syncs as (
    select
        [% for name in accounts %]
        [[ name ]],
        [% endfor %]
        min([[ day ]]) as first_day,
        max([[ day ]]) as last_day,
        {{ plus_days('max([[ day ]])', -[[ reach ]]) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from [[ s ]]_delivered
    group by [% for name in accounts %][[ name ]], [% endfor %]_sync_id
),

[[ s ]]_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        [% for name in slices %]
        days.[[ name ]][[ '' if loop.last else ',' ]]
        [% endfor %]
    from batches
    inner join [[ s ]]_syncs as judged on judged._sync_id = batches.sync_id
    inner join [[ s ]]_delivered as days
        on [% if accounts %][[ same('days', 'judged', accounts) ]] and [% endif %]days.[[ day ]] between judged.first_day and judged.last_day
        and days.[[ day ]] < cast(batches.window_start as date)
    where batches.stream = '[[ s ]]'
),

[[ s ]]_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, [% for name in slices %]closed.[[ name ]][[ '' if loop.last else ', ' ]][% endfor %]

                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from [[ s ]]_closed as closed
        inner join [[ s ]]_syncs as syncs
            on [% if accounts %][[ same('syncs', 'closed', accounts) ]] and [% endif %]closed.[[ day ]] between syncs.first_day and syncs.last_day
        left join [[ s ]]_delivered as said
            on [[ same('said', 'closed', slices) ]] and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.[[ day ]] >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

[[ s ]]_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from [[ s ]]_pairs
        union all
        select *, 'before' as side, before_id as side_id from [[ s ]]_pairs
    ) as sides
    inner join {{ ref('[[ staging ]]') }} as history
        on [[ same('history', 'sides', slices) ]] and history._sync_id = sides.side_id
    where [% for name in present %]history.[[ name ]] is not null[[ '' if loop.last else ' and ' ]][% endfor %]

    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, [% for name in keys %]history.[[ name ]][[ '' if loop.last else ', ' ]][% endfor %]

        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

[[ s ]]_said as (
    [% for figure in figures %]
    select
        side,
        window_start,
        window_end,
        [[ slices | join(',\n        ') ]],
        '[[ figure.name ]]' as field,
        [[ figure.value ]] as value
    from [[ s ]]_kept
    group by side, window_start, window_end, [[ slices | join(', ') ]]
    [% if not loop.last %]
    union all
    [% endif %]
    [% endfor %]
),

[[ s ]]_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        [[ account ]] as account,
        pairs.[[ day ]] as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from [[ s ]]_pairs as pairs
    cross join (values [% for figure in figures %]('[[ figure.name ]]')[[ '' if loop.last else ', ' ]][% endfor %]) as figures (field)
    [% for side in ('after', 'before') %]
    left join [[ s ]]_said as [[ side ]]_it
        on [[ side ]]_it.side = '[[ side ]]' and [[ side ]]_it.field = figures.field
        and [[ side ]]_it.window_start = pairs.window_start and [[ side ]]_it.window_end = pairs.window_end
        and [[ same(side ~ '_it', 'pairs', slices) ]]
    [% endfor %]
),

[[ s ]]_restated as (
    select
        window_start,
        window_end,
        '[[ s ]]' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from [[ s ]]_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -[[ reach ]]) }}
    union all
    select
        window_start,
        window_end,
        '[[ s ]]' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from [[ s ]]_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -[[ reach ]]) }}
    group by window_start, window_end, account, field
)