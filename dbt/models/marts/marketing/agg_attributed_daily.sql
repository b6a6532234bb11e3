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

touches as (

    select * from {{ ref('fct_touchpoints') }}

),

media as (

    select * from {{ ref('channel_media') }}

),

dated as (

    select
        credits.model,
        credits.channel,
        coalesce(media.media, 'organic') as media,
        credits.entry_type,
        credits.credit,
        credits.revenue_cents,
        coalesce(orders.is_new_valid_person, false) as is_new_customer,
        credits.booked_on,
        -- Without a known touch there is no day but that of the entry.
        coalesce(touches.touched_on, credits.booked_on) as touched_on
    from credits
    left join orders on credits.conversion_id = orders.conversion_id
    left join touches on credits.touch_id = touches.touch_id
    left join media on credits.channel = media.channel

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
        basis,
        date,
        model,
        channel,
        media,
        cast(sum(case when entry_type = 'sale' then credit else 0 end) as decimal(38, 12)) as orders,
        cast(sum(case when entry_type = 'sale' and is_new_customer then credit else 0 end) as decimal(38, 12))
            as new_customers,
        cast(sum(case when entry_type = 'sale' then revenue_cents else 0 end) as bigint) as sales_cents,
        cast(-sum(case when entry_type = 'refund' then revenue_cents else 0 end) as bigint) as returns_cents,
        cast(sum(revenue_cents) as bigint) as revenue_cents
    from clocks
    group by basis, date, model, channel, media

)

select * from final
