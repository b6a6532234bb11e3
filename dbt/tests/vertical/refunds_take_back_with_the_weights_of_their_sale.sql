-- Invariant of attribution: a refund has the credits of its sale, touch by touch and model by model, and its cents add up
-- to one amount under all models.
with credits as (

    select * from {{ ref('fct_attribution') }}

),

sales as (

    select
        conversion_id,
        model,
        coalesce(touch_id, '') as touch_id,
        credit
    from credits
    where entry_type = 'sale'

),

refunds as (

    select
        entry_id,
        conversion_id,
        model,
        coalesce(touch_id, '') as touch_id,
        credit
    from credits
    where entry_type = 'refund'

),

entries as (

    select distinct
        entry_id,
        conversion_id,
        model
    from refunds

),

expected as (

    select
        entries.entry_id,
        entries.model,
        sales.touch_id,
        sales.credit
    from entries
    inner join sales on entries.conversion_id = sales.conversion_id and entries.model = sales.model

),

uneven as (

    select entry_id
    from (
        select
            entry_id,
            model,
            sum(revenue_cents) as cents
        from credits
        where entry_type = 'refund'
        group by entry_id, model
    ) as sums
    group by entry_id
    having min(cents) <> max(cents) or count(*) <> {{ attribution_models() | length }}

),

final as (

    select
        coalesce(expected.entry_id, refunds.entry_id) as entry_id,
        coalesce(expected.model, refunds.model) as model,
        coalesce(expected.touch_id, refunds.touch_id) as touch_id
    from expected
    full outer join refunds
        on
            expected.entry_id = refunds.entry_id
            and expected.model = refunds.model
            and expected.touch_id = refunds.touch_id
    where expected.credit is distinct from refunds.credit

    union all

    select
        entry_id,
        'all' as model,
        '' as touch_id
    from uneven

)

select * from final
