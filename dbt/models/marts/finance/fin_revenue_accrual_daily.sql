-- Apart from fin_revenue_daily, because a touch date needs to know people: a fault in what any system says about them
-- holds this clock, and not that of the books.
with entries as (

    {{ revenue_entries(ref('fct_orders'), ref('fct_refunds')) }}

),

attributed as (

    select * from {{ ref('fct_attribution') }}

),

-- The one touch that this model gives an entry; a refund has that of its order.
touches as (

    select
        entry_id,
        channel,
        cast({{ to_zone('touched_at', "'" ~ reporting_timezone() ~ "'") }} as date) as touched_on
    from attributed
    where model = '{{ accrual_model() }}' and credit = 1

),

placed as (

    select
        'touch_date' as basis,
        coalesce(touches.touched_on, entries.ordered_on) as day,
        entries.entry_id,
        entries.source,
        entries.shop_id,
        coalesce(touches.channel, entries.channel) as channel,
        entries.currency,
        entries.fx_rate,
        entries.orders{% for part in revenue_parts() %},
        entries.{{ part }}{% endfor %}
    from entries
    left join touches on entries.entry_id = touches.entry_id

),

final as (

    {{ revenue_of_days('placed') }}

)

select * from final
