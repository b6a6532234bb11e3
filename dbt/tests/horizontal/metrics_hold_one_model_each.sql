-- Models are never mixed in one total: each metric with a model in its name is the credits of that model, by day and
-- channel, and of no other.
with metrics as (

    select * from {{ ref('fct_metrics_daily') }}
    where family in ('attributed_orders', 'attributed_revenue') and basis in ('order_date', 'refund_date')

),

credits as (

    select * from {{ ref('fct_attribution') }}
    where conversion_type = 'order'

),

expected as (

    select
        'attributed_orders' as family,
        model,
        booked_on as day,
        channel,
        cast(sum(credit) as decimal(38, 9)) as value
    from credits
    where entry_type = 'sale'
    group by model, booked_on, channel

    union all

    select
        'attributed_revenue' as family,
        model,
        booked_on as day,
        channel,
        cast(sum(revenue_cents) * 0.01 as decimal(38, 9)) as value
    from credits
    group by model, booked_on, channel

),

final as (

    select
        coalesce(metrics.metric, expected.family) as metric,
        coalesce(metrics.model, expected.model) as model,
        coalesce(metrics.day, expected.day) as day,
        coalesce(metrics.channel, expected.channel) as channel,
        metrics.numerator,
        expected.value
    from metrics
    full outer join expected
        on
            metrics.family = expected.family
            and metrics.model = expected.model
            and metrics.day = expected.day
            and metrics.channel = expected.channel
    where
        abs(coalesce(metrics.numerator, 0) - coalesce(expected.value, 0)) > 0.00000001
        or metrics.metric <> metrics.family || '_' || metrics.model

)

select * from final
