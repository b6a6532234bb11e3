{{ config(materialized='view') }}

with days as (

    select * from {{ ref('fct_metrics_daily') }}

),

calendar as (

    select * from {{ ref('dim_dates') }}

),

periods as (

    {% for grain, column in [
        ('day', 'date_day'), ('week', 'week_start'), ('month', 'month_start'), ('quarter', 'quarter_start'),
        ('year', 'year_start')
    ] -%}
    select
        '{{ grain }}' as grain,
        date_day,
        {{ column }} as period_start
    from calendar
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- All channels together, and each channel where the metric can be cut by it.
cut as (

    select
        days.*,
        cast(null as varchar) as cut_channel
    from days

    union all

    select
        days.*,
        channel as cut_channel
    from days
    where channel is not null

),

summed as (

    select
        cut.metric,
        cut.family,
        cut.basis,
        cut.model,
        periods.grain,
        periods.period_start,
        cut.cut_channel as channel,
        cast(sum(cut.numerator) as decimal(38, 9)) as numerator,
        cast(sum(cut.denominator) as decimal(38, 9)) as denominator
    from cut
    inner join periods on cut.day = periods.date_day
    group by
        cut.metric,
        cut.family,
        cut.basis,
        cut.model,
        periods.grain,
        periods.period_start,
        cut.cut_channel

),

final as (

    select
        metric,
        family,
        basis,
        model,
        grain,
        period_start,
        channel,
        numerator,
        denominator,
        case
            when denominator is null then {{ money('numerator') }}
            else {{ ratio('numerator', 'denominator') }}
        end as value
    from summed

)

select * from final
