-- Every first entry into a stage is counted once: in the funnel, as archived or as merged.
with parts as (

    select
        stage,
        count(*) as entered,
        0 as counted,
        0 as in_mart
    from {{ ref('int_leads') }}
    group by stage

    union all

    select
        stage,
        0 as entered,
        count(*) as counted,
        0 as in_mart
    from {{ ref('fct_funnel') }}
    where stage <> 'form_submission'
    group by stage

    union all

    select
        stage,
        0 as entered,
        0 as counted,
        sum(entries + archived + merged) as in_mart
    from {{ ref('agg_funnel_daily') }}
    where stage <> 'form_submission'
    group by stage

),

final as (

    select
        stage,
        sum(entered) as entered,
        sum(counted) as counted,
        sum(in_mart) as in_mart
    from parts
    group by stage
    having sum(entered) <> sum(counted) or sum(entered) <> sum(in_mart)

)

select * from final
