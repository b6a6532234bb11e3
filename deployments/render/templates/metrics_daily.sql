-- Every metric of dbt/models/marts/metrics/*.yml as sums by day: numerator and denominator stay apart, so that any other
-- grain is a ratio of sums and never an average of ratios.
with [% for model in models %]
[[ model.name ]] as (

    select * from {{ ref('[[ model.mart ]]') }}

),

[% endfor %]
measured as (

[% for model in models %]
[% for measure in model.measures %]
    select
        '[[ measure.name ]]' as measure,
        [[ model.dimensions[0].expr ]] as day,
        [[ cut(model, 'channel') ]] as channel,
        [[ cut(model, 'source') ]] as source,
        cast(sum([[ measure.expr ]]) as decimal(38, 9)) as amount
    from [[ model.name ]]
    group by 2, 3, 4
[% if not (loop.last and last(model)) %]

    union all

[% endif %]
[% endfor %]
[% endfor %]

),

-- Which measures stand above and below the line of a metric, and with which sign.
terms as (

    select *
    from (
        values
[% for term in terms %]
        ('[[ term.metric ]]', '[[ term.measure ]]', [[ term.above ]], [[ term.below ]])[[ '' if loop.last else ',' ]]
[% endfor %]
    ) as listed (metric, measure, above, below)

),

metrics as (

    select *
    from (
        values
[% for metric in metrics %]
        ('[[ metric.name ]]', '[[ metric.family ]]', '[[ metric.meta.basis ]]', [[ text(metric.meta.model) ]], [[ truth(metric.type == 'ratio') ]], [[ truth('channel' in metric.meta.cut_by) ]], [[ truth('source' in metric.meta.cut_by) ]])[[ '' if loop.last else ',' ]]
[% endfor %]
    ) as listed (metric, family, basis, model, is_ratio, by_channel, by_source)

),

summed as (

    select
        metrics.metric,
        metrics.family,
        metrics.basis,
        metrics.model,
        metrics.is_ratio,
        measured.day,
        case when metrics.by_channel then measured.channel end as channel,
        case when metrics.by_source then measured.source end as source,
        cast(sum(measured.amount * terms.above) as decimal(38, 9)) as numerator,
        cast(sum(measured.amount * terms.below) as decimal(38, 9)) as denominator
    from measured
    inner join terms on measured.measure = terms.measure
    inner join metrics on terms.metric = metrics.metric
    where measured.amount <> 0 and measured.day is not null
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

final as (

    select
        metric,
        family,
        basis,
        model,
        channel,
        source,
        day,
        numerator,
        case when is_ratio then denominator end as denominator,
        case when is_ratio then {{ ratio('numerator', 'denominator') }} else {{ money('numerator') }} end as value
    from summed

)

select * from final
