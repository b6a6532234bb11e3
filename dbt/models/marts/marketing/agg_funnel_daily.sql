with entries as {{ inlined() }} (

    select * from {{ ref('fct_funnel') }}

),

days as (

    select max(entered_date) as last_day
    from entries

),

counted as (

    select
        entered_date,
        stage,
        channel,
        min(stage_order) as stage_order,
        sum(case when excluded_because is null then 1 else 0 end) as entries,
        sum(case when excluded_because = 'archived' then 1 else 0 end) as archived,
        sum(case when excluded_because = 'merged' then 1 else 0 end) as merged,
        sum(case when excluded_because is null and next_stage is not null then 1 else 0 end) as advanced,
        sum(case when excluded_because is null and hours_to_next <= 720 then 1 else 0 end) as advanced_in_30_days,
        sum(case when excluded_because is null and hours_to_next is not null then 1 else 0 end) as timed,
        sum(case when excluded_because is null then hours_to_next end) as hours_to_next,
        sum(case when excluded_because is null and ordered_at is not null then 1 else 0 end) as ordered,
        sum(case when excluded_because is null then hours_to_order end) as hours_to_order
    from entries
    group by entered_date, stage, channel

),

final as (

    select
        counted.entered_date,
        counted.stage,
        counted.channel,
        counted.stage_order,
        {% for column in ['entries', 'archived', 'merged', 'advanced', 'advanced_in_30_days', 'timed', 'ordered'] -%}
        cast(counted.{{ column }} as bigint) as {{ column }},
        {% endfor -%}
        cast(coalesce(counted.hours_to_next, 0) as decimal(38, 6)) as hours_to_next,
        cast(coalesce(counted.hours_to_order, 0) as decimal(38, 6)) as hours_to_order,
        {{ ratio('counted.advanced', 'counted.entries') }} as conversion,
        {{ ratio('counted.ordered', 'counted.entries') }} as order_rate,
        {{ ratio('counted.hours_to_next', 'counted.timed') }} as hours_per_step,
        {{ plus_days('counted.entered_date', 30) }} < days.last_day as is_mature
    from counted
    cross join days

)

select * from final
