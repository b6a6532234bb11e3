-- Booked net sales of a day by the refund's clock are those of the day over all channels.
with booked as (

    select
        period_start as date,
        amount_cents
    from {{ ref('fin_revenue_bridge') }}
    where period_type = 'day' and basis = 'refund_date' and step = 'booked_net_sales'

),

channels as (

    select
        date,
        sum(net_sales) as net_sales
    from {{ ref('agg_channel_daily') }}
    group by date

),

final as (

    select
        coalesce(booked.date, channels.date) as date,
        booked.amount_cents,
        channels.net_sales
    from booked
    full outer join channels on booked.date = channels.date
    where coalesce(booked.amount_cents, 0) <> round(coalesce(channels.net_sales, 0) * 100, 0)

)

select * from final
