-- Each conversion stands under each of the models, its credits are one and its cents the amount of the conversion.
with conversions as (

    select * from {{ ref('fct_conversions') }}

),

credited as (

    select
        conversion_id,
        model,
        sum(credit) as credit,
        sum(revenue_cents) as revenue_cents
    from {{ ref('fct_attribution') }}
    where entry_type = 'sale'
    group by conversion_id, model

),

models as (

    select
        conversion_id,
        count(*) as models
    from credited
    group by conversion_id

),

final as (

    select
        conversions.conversion_id,
        credited.model,
        conversions.revenue_cents,
        credited.revenue_cents as credited_cents,
        credited.credit,
        models.models
    from conversions
    full outer join credited on conversions.conversion_id = credited.conversion_id
    left join models on credited.conversion_id = models.conversion_id
    where
        conversions.conversion_id is null
        or credited.conversion_id is null
        or models.models <> {{ attribution_models() | length }}
        or conversions.revenue_cents <> credited.revenue_cents
        or abs(credited.credit - 1) > 0.000000001

)

select * from final
