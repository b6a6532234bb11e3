-- A basis moves money to other days: what it holds over all of them never differs, to the cent.
with revenue as (

    select * from {{ ref('fin_revenue_daily') }}
    union all
    select * from {{ ref('fin_revenue_accrual_daily') }}

),

sums as (

    select
        source,
        shop_id,
        currency,
        basis,
        sum(orders) as orders,
        sum(entries_without_rate) as entries_without_rate,
        sum(gross_sales) as gross_sales,
        sum(discounts) as discounts,
        sum(returns) as returns,
        sum(shipping) as shipping,
        sum(tax) as tax,
        sum(duties) as duties,
        sum(fees) as fees,
        sum(tips) as tips,
        sum(gift_card_sales) as gift_card_sales,
        sum(net_sales) as net_sales,
        sum(total) as total,
        sum(net_sales_reporting) as net_sales_reporting,
        sum(total_reporting) as total_reporting
    from revenue
    group by source, shop_id, currency, basis

),

final as (

    select
        source,
        shop_id,
        currency
    from sums
    group by source, shop_id, currency
    having
        count(*) <> 3
        or min(orders) <> max(orders)
        or min(entries_without_rate) <> max(entries_without_rate)
        or min(gross_sales) <> max(gross_sales)
        or min(discounts) <> max(discounts)
        or min(returns) <> max(returns)
        or min(shipping) <> max(shipping)
        or min(tax) <> max(tax)
        or min(duties) <> max(duties)
        or min(fees) <> max(fees)
        or min(tips) <> max(tips)
        or min(gift_card_sales) <> max(gift_card_sales)
        or min(net_sales) <> max(net_sales)
        or min(total) <> max(total)
        or (max(entries_without_rate) = 0 and min(net_sales_reporting) <> max(net_sales_reporting))
        or (max(entries_without_rate) = 0 and min(total_reporting) <> max(total_reporting))

)

select * from final
