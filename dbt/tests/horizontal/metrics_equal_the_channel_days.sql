-- The same figure by two ways: the metrics as declared, and agg_channel_daily as written by hand.
with metrics as (

    select * from {{ ref('fct_metrics_daily') }}

),

channel_days as (

    select * from {{ ref('agg_channel_daily') }}

),

{% set figures = [
    'spend', 'impressions', 'clicks', 'sessions', 'leads', 'orders', 'new_customers', 'gross_sales', 'discounts',
    'returns', 'net_sales'
] -%}

said as (

    {% for figure in figures -%}
    select
        '{{ figure }}' as metric,
        date as day,
        channel,
        {{ money(figure) }} as value
    from channel_days
    where {{ figure }} <> 0
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

declared as (

    select
        metric,
        day,
        channel,
        sum(value) as value
    from metrics
    where metric in ('{{ figures | join("', '") }}')
    group by metric, day, channel

),

final as (

    select
        coalesce(said.metric, declared.metric) as metric,
        coalesce(said.day, declared.day) as day,
        coalesce(said.channel, declared.channel) as channel,
        said.value as said,
        declared.value as declared
    from said
    full outer join declared
        on said.metric = declared.metric and said.day = declared.day and said.channel = declared.channel
    where coalesce(said.value, 0) <> coalesce(declared.value, 0)

)

select * from final
