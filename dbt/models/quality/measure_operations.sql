{{ config(materialized='view') }}

with extracts as (

    select * from {{ ref('agg_extracts_daily') }}

),

publications as (

    select
        source,
        cast(landed_at as date) as date,
        count(is_in_time) as decided,
        sum(case when is_in_time then 1 else 0 end) as in_time,
        percentile_cont(0.99) within group (order by minutes_to_publish) as minutes_p99
    from {{ ref('fct_publication_latency') }}
    group by source, cast(landed_at as date)

),

closes as (

    select * from {{ ref('fct_day_closes') }}

),

figures as (

    select source as account, date, 'extracts_decided' as metric, runs_decided as value from extracts
    union all
    select source as account, date, 'extracts_in_time' as metric, runs_in_time as value from extracts
    union all
    select source as account, date, 'extract_minutes_p50' as metric, minutes_p50 as value from extracts
    union all
    select source as account, date, 'extract_minutes_p99' as metric, minutes_p99 as value from extracts
    union all
    select source as account, date, 'publications_decided' as metric, decided as value from publications
    union all
    select source as account, date, 'publications_in_time' as metric, in_time as value from publications
    union all
    select source as account, date, 'publication_minutes_p99' as metric, minutes_p99 as value from publications
    union all
    select '' as account, date, 'closed_in_time' as metric, case when is_in_time then 1 else 0 end as value
    from closes
    where is_in_time is not null

),

final as (

    select
        cast(date as timestamp) as window_start,
        cast({{ plus_days('date', 1) }} as timestamp) as window_end,
        'operations' as source,
        'operations' as model,
        account,
        date as day,
        metric,
        '' as field,
        cast(value as decimal(38, 6)) as value,
        cast(null as decimal(38, 6)) as baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        cast(null as bigint) as sync_id,
        cast(0 as bigint) as load_seq
    from figures
    where value is not null

)

select * from final
