with scheduled as (

    select
        *,
        cast(scheduled_at as date) as date
    from {{ ref('fct_source_runs') }}
    where scheduled_at is not null

),

final as (

    select
        source,
        date,
        count(*) as runs_scheduled,
        count(is_in_time) as runs_decided,
        sum(case when is_in_time then 1 else 0 end) as runs_in_time,
        {{ ratio('sum(case when is_in_time then 1 else 0 end)', 'count(is_in_time)') }} as share_in_time,
        cast(percentile_cont(0.5) within group (order by minutes_to_extract) as decimal(18, 3)) as minutes_p50,
        cast(percentile_cont(0.99) within group (order by minutes_to_extract) as decimal(18, 3)) as minutes_p99,
        max(minutes_to_extract) as minutes_most
    from scheduled
    group by source, date

)

select * from final
