-- Invariant of attribution: under each model the channels of a day hold as many conversions as happened, orders and each
-- stage of leads apart; so no join has made one of them twice.
with conversions as (

    select * from {{ ref('fct_conversions') }}

),

credits as (

    select * from {{ ref('fct_attribution') }}
    where entry_type = 'sale'

),

models as (

    {% for model in attribution_models() -%}
    select '{{ model }}' as model
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

happened as (

    select
        models.model,
        conversions.stage,
        conversions.converted_on as day,
        count(*) as conversions
    from conversions
    cross join models
    group by models.model, conversions.stage, conversions.converted_on

),

channels as (

    select
        model,
        stage,
        booked_on as day,
        channel,
        sum(credit) as credit
    from credits
    group by model, stage, booked_on, channel

),

credited as (

    select
        model,
        stage,
        day,
        sum(credit) as credit
    from channels
    group by model, stage, day

),

final as (

    select
        coalesce(happened.model, credited.model) as model,
        coalesce(happened.stage, credited.stage) as stage,
        coalesce(happened.day, credited.day) as day,
        happened.conversions,
        credited.credit
    from happened
    full outer join credited
        on happened.model = credited.model and happened.stage = credited.stage and happened.day = credited.day
    where
        happened.conversions is null
        or credited.credit is null
        or abs(happened.conversions - credited.credit) > 0.000001

)

select * from final
