-- Entries of the funnel that count are the leads, stage by stage and day by day.
with parts as (

    select
        entered_date,
        stage,
        channel,
        entries
    from {{ ref('agg_funnel_daily') }}
    where stage <> 'form_submission'

    union all

    select
        entered_date,
        stage,
        channel,
        -1 as entries
    from {{ ref('fct_leads') }}

),

final as (

    select
        entered_date,
        stage,
        channel,
        sum(entries) as difference
    from parts
    group by entered_date, stage, channel
    having sum(entries) <> 0

)

select * from final
