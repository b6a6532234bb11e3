-- Invariants of attribution: one touch has all the credit under every model; two touches have halves by position as by
-- linear; a journey of one channel gives it everything; and without a direct visit last_non_direct is last_touch.
with credits as (

    select * from {{ ref('fct_attribution') }}
    where entry_type = 'sale' and not is_unattributed

),

-- Linear credits every touch of a journey, so it tells which touches there are.
journeys as (

    select
        conversion_id,
        count(*) as touches,
        count(distinct channel) as channels,
        max(case when lower(channel) = 'direct' then 1 else 0 end) as has_direct
    from credits
    where model = 'linear'
    group by conversion_id

),

by_channel as (

    select
        credits.conversion_id,
        credits.model,
        sum(credits.credit) as credit
    from credits
    inner join journeys on credits.conversion_id = journeys.conversion_id
    where journeys.channels = 1
    group by credits.conversion_id, credits.model

),

last_touches as (

    select
        conversion_id,
        touch_id
    from credits
    where model = 'last_touch'

),

final as (

    select
        credits.conversion_id,
        credits.model,
        'one touch' as journey
    from credits
    inner join journeys on credits.conversion_id = journeys.conversion_id
    where journeys.touches = 1 and credits.credit <> 1

    union all

    select
        credits.conversion_id,
        credits.model,
        'two touches' as journey
    from credits
    inner join journeys on credits.conversion_id = journeys.conversion_id
    where
        journeys.touches = 2
        and credits.model in ('linear', 'position_based')
        and credits.credit <> 0.5

    union all

    select
        conversion_id,
        model,
        'one channel' as journey
    from by_channel
    where abs(credit - 1) > 0.000000001

    union all

    select
        credits.conversion_id,
        credits.model,
        'no direct visit' as journey
    from credits
    inner join journeys on credits.conversion_id = journeys.conversion_id
    left join last_touches
        on credits.conversion_id = last_touches.conversion_id and credits.touch_id = last_touches.touch_id
    where credits.model = 'last_non_direct' and journeys.has_direct = 0 and last_touches.touch_id is null

)

select * from final
