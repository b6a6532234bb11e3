-- The cost of a customer of a whole month is the same in the table of finance and in the metrics.
with acquisition as (

    select * from {{ ref('fin_acquisition') }}
    where is_whole_month

),

metrics as (

    select
        metric,
        day,
        numerator,
        denominator
    from {{ ref('fct_metrics_daily') }}
    where metric = 'cac_blended_media' or metric like 'cac_paid_%'

),

summed as (

    select
        acquisition.month,
        acquisition.model,
        acquisition.media_spend,
        acquisition.new_customers,
        acquisition.paid_new_customers,
        sum(case when metrics.metric = 'cac_blended_media' then metrics.numerator end) as spend,
        sum(case when metrics.metric = 'cac_blended_media' then metrics.denominator end) as customers,
        sum(case when metrics.metric = 'cac_paid_' || acquisition.model then metrics.denominator end) as paid_customers
    from acquisition
    left join metrics
        on metrics.day >= acquisition.month and metrics.day < {{ month_after('acquisition.month', 1) }}
    group by
        acquisition.month,
        acquisition.model,
        acquisition.media_spend,
        acquisition.new_customers,
        acquisition.paid_new_customers

),

final as (

    select * from summed
    where
        abs(media_spend - coalesce(spend, 0)) > 0.01
        or new_customers <> coalesce(customers, 0)
        or abs(paid_new_customers - coalesce(paid_customers, 0)) > 0.000001

)

select * from final
