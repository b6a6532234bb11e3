-- Between two checkpoints the items add up to the difference, to the last digit, and nothing is named twice.
with items as (

    select * from {{ ref('reconciliation_item') }}

),

final as (

    select
        source,
        stream,
        account,
        date,
        metric,
        from_stage,
        to_stage
    from items
    group by source, stream, account, date, metric, from_stage, to_stage
    having max(from_total) + sum(amount) <> max(to_total) or count(distinct bucket) <> count(*)

)

select * from final
