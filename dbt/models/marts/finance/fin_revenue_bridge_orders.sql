with rules as (

    {% for platform, rule in claim_rules().items() -%}
    select
        '{{ platform }}' as platform,
        '{{ rule.value }}' as claimed_value
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

rates as (

    select * from {{ ref('int_fx_periods') }}

),

-- Cents as whole levels, so that the steps between them carry no rounding: all that is paid, without tax, without what
-- is charged beside the goods, without gift cards, before discounts.
orders as (

    select
        source,
        shop_id,
        order_id,
        order_date,
        is_test,
        is_cancelled,
        fx_rate,
        {{ reporting_cents('total', 'fx_rate') }} as total_cents,
        {{ reporting_cents('total - tax', 'fx_rate') }} as untaxed_cents,
        {{ reporting_cents('total - tax - shipping - duties - tips - fees', 'fx_rate') }} as carried_cents,
        {{ reporting_cents('total - tax - shipping - duties - tips - fees - gift_card_sales', 'fx_rate') }} as goods_cents,
        {{ reporting_cents(
            'total - tax - shipping - duties - tips - fees - gift_card_sales + discounts', 'fx_rate'
        ) }} as undiscounted_cents
    from {{ ref('fct_orders') }}

),

platform_days as (

    select
        source as platform,
        date as claimed_on,
        sum({{ reporting_cents('platform_conversion_value', 'fx_rate') }}) as claimed_cents,
        sum({{ reporting_cents('platform_view_conversion_value', 'fx_rate') }}) as viewed_cents,
        sum(platform_conversions) as claimed_orders,
        sum(platform_view_conversions) as viewed_orders
    from {{ ref('fct_ad_performance') }}
    group by source, date

),

-- What an order is worth to the platform that claims it, at the shop's rate and at the account's rate of the click's day.
priced as (

    select
        claims.*,
        orders.is_test,
        case rules.claimed_value
            when 'total' then orders.total_cents
            when 'net' then orders.goods_cents
            else orders.undiscounted_cents
        end as value_cents,
        rules.claimed_value,
        coalesce(order_rates.rate, 1) as order_rate,
        case when order_rates.rate is null then 1 else coalesce(click_rates.rate, order_rates.rate) end as click_rate,
        row_number() over (
            partition by claims.source, claims.shop_id, claims.order_id
            order by claims.touched_at desc, claims.platform, claims.touch_id
        ) as place
    from {{ ref('int_platform_claims') }} as claims
    inner join orders
        on
            claims.source = orders.source
            and claims.shop_id = orders.shop_id
            and claims.order_id = orders.order_id
    inner join rules on claims.platform = rules.platform
    left join rates as order_rates
        on
            claims.account_currency = order_rates.currency
            and orders.order_date >= order_rates.valid_from
            and (orders.order_date < order_rates.valid_until or order_rates.valid_until is null)
    left join rates as click_rates
        on
            claims.account_currency = click_rates.currency
            and claims.claimed_on >= click_rates.valid_from
            and (claims.claimed_on < click_rates.valid_until or click_rates.valid_until is null)

),

claims as (

    select
        *,
        {{ cents_at_other_rate('value_cents', 'order_rate', 'click_rate') }} as claimed_cents
    from priced

),

-- Every order enters the bridge once: with the claim that it keeps, or unclaimed.
entered as (

    select
        orders.*,
        claims.platform,
        claims.touch_id,
        claims.touched_at,
        claims.touched_on,
        claims.claimed_on,
        claims.claimed_cents,
        -- What of the whole total came in: what a platform was never told of need not be taken off.
        case when coalesce(claims.claimed_value, 'total') = 'total' then 1 else 0 end as whole,
        case when claims.claimed_value = 'gross' then 1 else 0 end as undiscounted,
        coalesce(claims.value_cents, orders.total_cents) as value_cents
    from orders
    left join claims
        on
            orders.source = claims.source
            and orders.shop_id = claims.shop_id
            and orders.order_id = claims.order_id
            and claims.place = 1

),

platform_remainders as (

    select
        coalesce(platform_days.platform, found.platform) as platform,
        coalesce(platform_days.claimed_on, found.claimed_on) as claimed_on,
        coalesce(platform_days.claimed_cents, 0) - coalesce(found.claimed_cents, 0) as claimed_cents,
        coalesce(platform_days.claimed_orders, 0) - coalesce(found.claimed_orders, 0) as claimed_orders,
        coalesce(platform_days.viewed_cents, 0) as viewed_cents,
        coalesce(platform_days.viewed_orders, 0) as viewed_orders
    from platform_days
    full outer join (
        select
            platform,
            claimed_on,
            sum(claimed_cents) as claimed_cents,
            count(*) as claimed_orders
        from claims
        group by platform, claimed_on
    ) as found
        on platform_days.platform = found.platform and platform_days.claimed_on = found.claimed_on

),

-- What happened to goods that came back: the clock of the basis decides the day and the rate.
refunds as (

    select
        refunds.source,
        refunds.shop_id,
        refunds.order_id,
        refunds.refund_id,
        refunds.refund_date,
        orders.order_date,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        {{ reporting_cents('refunds.subtotal', 'refunds.fx_rate') }} as cents_then,
        {{ reporting_cents('refunds.subtotal', 'orders.fx_rate') }} as cents_of_order
    from {{ ref('fct_refunds') }} as refunds
    left join orders
        on
            refunds.source = orders.source
            and refunds.shop_id = orders.shop_id
            and refunds.order_id = orders.order_id
    where not refunds.is_test

),

entries as (

    select
        'claimed' as step,
        claimed_on as day,
        platform,
        source,
        shop_id,
        order_id,
        touch_id,
        touched_at,
        claimed_cents as amount_cents,
        1 as orders
    from claims

    union all

    select
        'claimed' as step,
        claimed_on as day,
        platform,
        null as source,
        null as shop_id,
        null as order_id,
        null as touch_id,
        null as touched_at,
        claimed_cents as amount_cents,
        claimed_orders as orders
    from platform_remainders

    union all

    select
        'overlap' as step,
        claimed_on as day,
        platform,
        source,
        shop_id,
        order_id,
        touch_id,
        touched_at,
        -claimed_cents as amount_cents,
        -1 as orders
    from claims
    where place > 1

    union all

    select
        'view_through' as step,
        claimed_on as day,
        platform,
        null as source,
        null as shop_id,
        null as order_id,
        null as touch_id,
        null as touched_at,
        -viewed_cents as amount_cents,
        -viewed_orders as orders
    from platform_remainders

    union all

    select
        'claims_without_a_visit' as step,
        claimed_on as day,
        platform,
        null as source,
        null as shop_id,
        null as order_id,
        null as touch_id,
        null as touched_at,
        viewed_cents - claimed_cents as amount_cents,
        viewed_orders - claimed_orders as orders
    from platform_remainders

    union all

    select
        'unclaimed' as step,
        order_date as day,
        null as platform,
        source,
        shop_id,
        order_id,
        null as touch_id,
        null as touched_at,
        total_cents as amount_cents,
        1 as orders
    from entered
    where platform is null

    union all

    select
        moves.step,
        case moves.place
            when 'account' then entered.claimed_on
            when 'shop' then entered.touched_on
            else entered.order_date
        end as day,
        entered.platform,
        entered.source,
        entered.shop_id,
        entered.order_id,
        entered.touch_id,
        entered.touched_at,
        moves.direction * entered.claimed_cents as amount_cents,
        moves.direction as orders
    from entered
    inner join (
        select 'day_shift' as step, 'account' as place, -1 as direction
        union all
        select 'day_shift' as step, 'shop' as place, 1 as direction
        union all
        select 'timing' as step, 'shop' as place, -1 as direction
        union all
        select 'timing' as step, 'order' as place, 1 as direction
    ) as moves
        on
            (moves.step = 'day_shift' and entered.claimed_on <> entered.touched_on)
            or (moves.step = 'timing' and entered.touched_on <> entered.order_date)
    where entered.platform is not null

    union all

    select
        lowered.step,
        entered.order_date as day,
        entered.platform,
        entered.source,
        entered.shop_id,
        entered.order_id,
        entered.touch_id,
        entered.touched_at,
        case lowered.step
            when 'currency' then entered.value_cents - coalesce(entered.claimed_cents, entered.value_cents)
            when 'tax' then entered.whole * (entered.untaxed_cents - entered.total_cents)
            when 'shipping_and_duties' then entered.whole * (entered.carried_cents - entered.untaxed_cents)
            when 'gift_cards' then entered.whole * (entered.goods_cents - entered.carried_cents)
            when 'discounts' then entered.undiscounted * (entered.goods_cents - entered.undiscounted_cents)
            else case when entered.is_test then -entered.goods_cents else 0 end
        end as amount_cents,
        case when lowered.step = 'cancelled_test_fraud' and entered.is_test then -1 else 0 end as orders
    from entered
    cross join (
        select 'currency' as step
        union all
        select 'tax' as step
        union all
        select 'shipping_and_duties' as step
        union all
        select 'gift_cards' as step
        union all
        select 'discounts' as step
        union all
        select 'cancelled_test_fraud' as step
    ) as lowered

),

bases as (

    select 'order_date' as basis
    union all
    select 'refund_date' as basis

),

of_both_bases as (

    select
        bases.basis,
        entries.*
    from entries
    cross join bases
    where entries.amount_cents <> 0 or entries.orders <> 0

),

given_back as (

    select
        bases.basis,
        refunds.source,
        refunds.shop_id,
        refunds.order_id,
        refunds.refund_id,
        case bases.basis when 'order_date' then refunds.order_date else refunds.refund_date end as day,
        refunds.is_cancelled,
        -case bases.basis when 'order_date' then refunds.cents_of_order else refunds.cents_then end as amount_cents,
        bases.basis = 'order_date' or coalesce(refunds.order_date >= refunds.refund_date, false) as is_of_day,
        bases.basis = 'order_date'
        or coalesce({{ month_of('refunds.order_date') }} >= {{ month_of('refunds.refund_date') }}, false) as is_of_month
    from refunds
    cross join bases
    where bases.basis = 'refund_date' or refunds.order_date is not null

),

final as (

    select
        basis,
        day,
        {{ month_of('day') }} as month,
        step,
        step as step_in_month,
        platform,
        source,
        shop_id,
        order_id,
        cast(null as varchar) as refund_id,
        touch_id,
        touched_at,
        cast(amount_cents as bigint) as amount_cents,
        cast(orders as decimal(38, 6)) as orders
    from of_both_bases

    union all

    select
        basis,
        day,
        {{ month_of('day') }} as month,
        case
            when is_cancelled then 'cancelled_test_fraud'
            when is_of_day then 'returns_of_this_period'
            else 'returns_of_earlier_periods'
        end as step,
        case
            when is_cancelled then 'cancelled_test_fraud'
            when is_of_month then 'returns_of_this_period'
            else 'returns_of_earlier_periods'
        end as step_in_month,
        null as platform,
        source,
        shop_id,
        order_id,
        refund_id,
        null as touch_id,
        null as touched_at,
        cast(amount_cents as bigint) as amount_cents,
        cast(0 as decimal(38, 6)) as orders
    from given_back
    where amount_cents <> 0

)

select * from final
