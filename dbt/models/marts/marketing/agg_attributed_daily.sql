with credits as (

    select * from {{ ref('fct_attribution') }}
    where conversion_type = 'order'

),

orders as (

    select
        'order:' || source || ':' || shop_id || ':' || order_id as conversion_id,
        is_new_valid_person
    from {{ ref('fct_customer_orders') }}

),

media as (

    select * from {{ ref('channel_media') }}

),

-- Once over all credits; without a known touch there is no day but that of the entry.
dated as (

    select
        credits.model,
        credits.channel,
        coalesce(orders.is_new_valid_person, false) as is_new_customer,
        credits.booked_on,
        coalesce(credits.touched_on, credits.booked_on) as touched_on,
        sum(case when credits.entry_type = 'sale' then credits.credit else 0 end) as sold,
        sum(case when credits.entry_type = 'sale' then credits.revenue_cents else 0 end) as sales_cents,
        sum(case when credits.entry_type = 'refund' then -credits.revenue_cents else 0 end) as returns_cents
    from credits
    left join orders on credits.conversion_id = orders.conversion_id
    group by
        credits.model,
        credits.channel,
        coalesce(orders.is_new_valid_person, false),
        credits.booked_on,
        coalesce(credits.touched_on, credits.booked_on)

),

clocks as (

    select
        'refund_date' as basis,
        booked_on as date,
        dated.*
    from dated

    union all

    select
        'touch_date' as basis,
        touched_on as date,
        dated.*
    from dated

),

final as (

    select
        clocks.basis,
        clocks.date,
        clocks.model,
        clocks.channel,
        coalesce(media.media, 'organic') as media,
        cast(sum(clocks.sold) as decimal(38, 12)) as orders,
        cast(sum(case when clocks.is_new_customer then clocks.sold else 0 end) as decimal(38, 12)) as new_customers,
        cast(sum(clocks.sales_cents) as bigint) as sales_cents,
        cast(sum(clocks.returns_cents) as bigint) as returns_cents,
        cast(sum(clocks.sales_cents) - sum(clocks.returns_cents) as bigint) as revenue_cents
    from clocks
    left join media on clocks.channel = media.channel
    group by clocks.basis, clocks.date, clocks.model, clocks.channel, coalesce(media.media, 'organic')

)

select * from final
