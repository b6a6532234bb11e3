-- For every model, whatever the clock: credits add up to the orders, cents to sales less returns. So no order is lost
-- between fct_conversions and a report, and no model is mixed with another.
with attributed_days as (

    select * from {{ ref('agg_attributed_daily') }}

),

conversions as (

    select * from {{ ref('fct_conversions') }}
    where conversion_type = 'order'

),

credits as (

    select * from {{ ref('fct_attribution') }}
    where conversion_type = 'order'

),

expected as (

    select
        count(*) as orders,
        sum(revenue_cents) as sales_cents
    from conversions

),

refunded as (

    select
        model,
        sum(case when entry_type = 'refund' then -revenue_cents else 0 end) as returns_cents
    from credits
    group by model

),

found as (

    select
        basis,
        model,
        sum(orders) as orders,
        sum(sales_cents) as sales_cents,
        sum(returns_cents) as returns_cents
    from attributed_days
    group by basis, model

),

final as (

    select
        found.basis,
        found.model,
        found.orders,
        expected.orders as expected_orders,
        found.sales_cents,
        expected.sales_cents as expected_sales_cents
    from found
    cross join expected
    inner join refunded on found.model = refunded.model
    where
        abs(found.orders - expected.orders) > 0.000001
        or found.sales_cents <> expected.sales_cents
        or found.returns_cents <> refunded.returns_cents

)

select * from final
