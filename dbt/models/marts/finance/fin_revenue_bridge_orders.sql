{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='piece',
    post_hook="{{ forget_vanished_pieces() }}"
) }}

{% set open_since = claims_are_open_since(ref('fct_orders')) %}

with rules as (

    {% for platform, rule in claim_rules().items() -%}
    select
        '{{ platform }}' as platform,
        '{{ rule.value }}' as claimed_value
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

rates as {{ inlined() }} (

    select * from {{ ref('int_fx_periods') }}

),

all_orders as {{ inlined() }} (

    select * from {{ ref('fct_orders') }}

),

all_refunds as (

    select * from {{ ref('fct_refunds') }}
    where not is_test

),

all_claims as {{ inlined() }} (

    select * from {{ ref('int_platform_claims') }}

),

{% if is_incremental() -%}
-- How far the rows are: orders by their shop system, days by their platform, because the two are loaded apart.
known as (

    select
        source,
        false as is_day,
        max(_load_seq) as _load_seq
    from {{ this }}
    where order_id is not null
    group by source

    union all

    select
        platform as source,
        true as is_day,
        max(_load_seq) as _load_seq
    from {{ this }}
    where order_id is null
    group by platform

),
{%- endif %}

{% if is_incremental() -%}
-- Claims of open orders as they are, beside those that the rows were made of.
claims_before as (

    select
        rows_before.platform,
        rows_before.source,
        rows_before.shop_id,
        rows_before.order_id,
        rows_before.touch_id,
        rows_before.day as claimed_on
    from {{ this }} as rows_before
    inner join all_orders
        on
            rows_before.source = all_orders.source
            and rows_before.shop_id = all_orders.shop_id
            and rows_before.order_id = all_orders.order_id
    where
        rows_before.step = 'claimed'
        and rows_before.basis = 'order_date'
        and rows_before.day >= cast('{{ open_since }}' as date) - interval '31 days'
        and all_orders.order_date >= cast('{{ open_since }}' as date)

),

claims_now as (

    select * from all_claims
    where order_date >= cast('{{ open_since }}' as date)

),
{%- endif %}

-- Orders of which a version, a refund or a claim is new; all that they are made of is made anew.
touched_orders as (

    select
        all_orders.source,
        all_orders.shop_id,
        all_orders.order_id
    from all_orders
    {% if is_incremental() -%}
    left join known on all_orders.source = known.source and not known.is_day
    where all_orders._load_seq > coalesce(known._load_seq, 0)
    {%- endif %}

    union distinct

    select
        all_refunds.source,
        all_refunds.shop_id,
        all_refunds.order_id
    from all_refunds
    {% if is_incremental() -%}
    left join known on all_refunds.source = known.source and not known.is_day
    where all_refunds._load_seq > coalesce(known._load_seq, 0)

    union distinct

    select
        coalesce(claims_now.source, claims_before.source) as source,
        coalesce(claims_now.shop_id, claims_before.shop_id) as shop_id,
        coalesce(claims_now.order_id, claims_before.order_id) as order_id
    from claims_now
    full outer join claims_before
        on
            claims_now.platform = claims_before.platform
            and claims_now.source = claims_before.source
            and claims_now.shop_id = claims_before.shop_id
            and claims_now.order_id = claims_before.order_id
    where
        claims_now.touch_id is distinct from claims_before.touch_id
        or claims_now.claimed_on is distinct from claims_before.claimed_on
    {%- endif %}

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
        sync_id,
        _load_seq,
        {{ reporting_cents('total', 'fx_rate') }} as total_cents,
        {{ reporting_cents('total - tax', 'fx_rate') }} as untaxed_cents,
        {{ reporting_cents('total - tax - shipping - duties - tips - fees', 'fx_rate') }} as carried_cents,
        {{ reporting_cents('total - tax - shipping - duties - tips - fees - gift_card_sales', 'fx_rate') }} as goods_cents,
        {{ reporting_cents(
            'total - tax - shipping - duties - tips - fees - gift_card_sales + discounts', 'fx_rate'
        ) }} as undiscounted_cents
    from all_orders

),

platform_days as (

    select
        source as platform,
        date as claimed_on,
        sum({{ reporting_cents('platform_conversion_value', 'fx_rate') }}) as claimed_cents,
        sum({{ reporting_cents('platform_view_conversion_value', 'fx_rate') }}) as viewed_cents,
        sum(platform_conversions) as claimed_orders,
        sum(platform_view_conversions) as viewed_orders,
        max(_load_seq) as _load_seq
    from {{ ref('fct_ad_performance') }}
    group by source, date

),

-- Days of platforms of which something is new, or on which a touched order is claimed or was, or a vanished one was.
touched_days as (

    select
        platform_days.platform,
        platform_days.claimed_on
    from platform_days
    {% if is_incremental() -%}
    left join known on platform_days.platform = known.source and known.is_day
    where platform_days._load_seq > coalesce(known._load_seq, 0)
    {%- endif %}

    union distinct

    select
        all_claims.platform,
        all_claims.claimed_on
    from all_claims
    inner join touched_orders
        on
            all_claims.source = touched_orders.source
            and all_claims.shop_id = touched_orders.shop_id
            and all_claims.order_id = touched_orders.order_id

    {% if is_incremental() -%}
    union distinct

    select
        rows_before.platform,
        rows_before.day as claimed_on
    from {{ this }} as rows_before
    left join all_orders
        on
            rows_before.source = all_orders.source
            and rows_before.shop_id = all_orders.shop_id
            and rows_before.order_id = all_orders.order_id
    left join touched_orders
        on
            rows_before.source = touched_orders.source
            and rows_before.shop_id = touched_orders.shop_id
            and rows_before.order_id = touched_orders.order_id
    left join platform_days
        on rows_before.platform = platform_days.platform and rows_before.day = platform_days.claimed_on
    where
        rows_before.step = 'claimed'
        and (
            touched_orders.order_id is not null
            or (rows_before.order_id is not null and all_orders.order_id is null)
            or (rows_before.order_id is null and platform_days.platform is null)
        )
    {%- endif %}

),

needed_claims as (

    select
        all_claims.*,
        touched_orders.order_id is not null as is_touched
    from all_claims
    left join touched_orders
        on
            all_claims.source = touched_orders.source
            and all_claims.shop_id = touched_orders.shop_id
            and all_claims.order_id = touched_orders.order_id
    left join touched_days
        on all_claims.platform = touched_days.platform and all_claims.claimed_on = touched_days.claimed_on
    where touched_orders.order_id is not null or touched_days.platform is not null

),

-- What an order is worth to the platform that claims it, at the shop's rate and at the account's rate of the click's day.
priced as (

    select
        claims.*,
        orders.sync_id,
        orders._load_seq,
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
    from needed_claims as claims
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

found_claims as (

    select
        *,
        {{ cents_at_other_rate('value_cents', 'order_rate', 'click_rate') }} as claimed_cents
    from priced

),

claims as (

    select * from found_claims
    where is_touched

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
    inner join touched_orders
        on
            orders.source = touched_orders.source
            and orders.shop_id = touched_orders.shop_id
            and orders.order_id = touched_orders.order_id
    left join claims
        on
            orders.source = claims.source
            and orders.shop_id = claims.shop_id
            and orders.order_id = claims.order_id
            and claims.place = 1

),

platform_remainders as (

    select
        touched_days.platform,
        touched_days.claimed_on,
        coalesce(max(platform_days.claimed_cents), 0) - coalesce(sum(found_claims.claimed_cents), 0) as claimed_cents,
        coalesce(max(platform_days.claimed_orders), 0) - count(found_claims.order_id) as claimed_orders,
        coalesce(max(platform_days.viewed_cents), 0) as viewed_cents,
        coalesce(max(platform_days.viewed_orders), 0) as viewed_orders,
        coalesce(max(platform_days._load_seq), 0) as _load_seq
    from touched_days
    left join platform_days
        on touched_days.platform = platform_days.platform and touched_days.claimed_on = platform_days.claimed_on
    left join found_claims
        on touched_days.platform = found_claims.platform and touched_days.claimed_on = found_claims.claimed_on
    group by touched_days.platform, touched_days.claimed_on

),

-- Goods that came back, at the rate of the day on which they did; a basis moves them to another day, and no more.
refunds as (

    select
        all_refunds.source,
        all_refunds.shop_id,
        all_refunds.order_id,
        all_refunds.refund_id,
        all_refunds.refund_date,
        all_refunds.sync_id,
        all_refunds._load_seq,
        orders.order_date,
        coalesce(orders.is_cancelled, false) as is_cancelled,
        -{{ reporting_cents('all_refunds.subtotal', 'all_refunds.fx_rate') }} as amount_cents
    from all_refunds
    inner join touched_orders
        on
            all_refunds.source = touched_orders.source
            and all_refunds.shop_id = touched_orders.shop_id
            and all_refunds.order_id = touched_orders.order_id
    left join orders
        on
            all_refunds.source = orders.source
            and all_refunds.shop_id = orders.shop_id
            and all_refunds.order_id = orders.order_id

),

of_claims as (

    select
        marks.step,
        claims.claimed_on as day,
        claims.platform,
        claims.source,
        claims.shop_id,
        claims.order_id,
        claims.touch_id,
        claims.touched_at,
        marks.direction * claims.claimed_cents as amount_cents,
        marks.direction as orders,
        claims.sync_id,
        claims._load_seq
    from claims
    inner join (
        select
            'claimed' as step,
            1 as direction,
            1 as from_place
        union all
        select
            'overlap' as step,
            -1 as direction,
            2 as from_place
    ) as marks
        on claims.place >= marks.from_place

),

of_platform_days as (

    select
        parts.step,
        platform_remainders.claimed_on as day,
        platform_remainders.platform,
        case parts.step
            when 'claimed' then platform_remainders.claimed_cents
            when 'view_through' then -platform_remainders.viewed_cents
            else platform_remainders.viewed_cents - platform_remainders.claimed_cents
        end as amount_cents,
        case parts.step
            when 'claimed' then platform_remainders.claimed_orders
            when 'view_through' then -platform_remainders.viewed_orders
            else platform_remainders.viewed_orders - platform_remainders.claimed_orders
        end as orders,
        platform_remainders._load_seq
    from platform_remainders
    cross join (
        select 'claimed' as step
        union all
        select 'view_through' as step
        union all
        select 'claims_without_a_visit' as step
    ) as parts

),

of_moves as (

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
        moves.direction as orders,
        entered.sync_id,
        entered._load_seq
    from entered
    inner join (
        select
            'day_shift' as step,
            'account' as place,
            -1 as direction
        union all
        select
            'day_shift' as step,
            'shop' as place,
            1 as direction
        union all
        select
            'timing' as step,
            'shop' as place,
            -1 as direction
        union all
        select
            'timing' as step,
            'order' as place,
            1 as direction
    ) as moves
        on
            (moves.step = 'day_shift' and entered.claimed_on <> entered.touched_on)
            or (moves.step = 'timing' and entered.touched_on <> entered.order_date)

),

of_order_dates as (

    select
        parts.step,
        entered.order_date as day,
        entered.platform,
        entered.source,
        entered.shop_id,
        entered.order_id,
        entered.touch_id,
        entered.touched_at,
        case parts.step
            when 'unclaimed' then case when entered.platform is null then entered.total_cents else 0 end
            when 'currency' then entered.value_cents - coalesce(entered.claimed_cents, entered.value_cents)
            when 'tax' then entered.whole * (entered.untaxed_cents - entered.total_cents)
            when 'shipping_and_duties' then entered.whole * (entered.carried_cents - entered.untaxed_cents)
            when 'gift_cards' then entered.whole * (entered.goods_cents - entered.carried_cents)
            when 'discounts' then entered.undiscounted * (entered.goods_cents - entered.undiscounted_cents)
            else case when entered.is_test then -entered.goods_cents else 0 end
        end as amount_cents,
        case
            when parts.step = 'unclaimed' and entered.platform is null then 1
            when parts.step = 'cancelled_test_fraud' and entered.is_test then -1
            else 0
        end as orders,
        entered.sync_id,
        entered._load_seq
    from entered
    cross join (
        select 'unclaimed' as step
        union all
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
    ) as parts

),

of_orders as (

    select * from of_claims
    union all
    select * from of_moves
    union all
    select * from of_order_dates

),

bases as (

    select 'order_date' as basis
    union all
    select 'refund_date' as basis

),

of_refunds as (

    select
        bases.basis,
        refunds.*,
        case bases.basis
            when 'order_date' then coalesce(refunds.order_date, refunds.refund_date) else refunds.refund_date
        end as day,
        refunds.order_date is not null
        and (bases.basis = 'order_date' or refunds.order_date >= refunds.refund_date) as is_of_day,
        refunds.order_date is not null
        and (
            bases.basis = 'order_date' or {{ month_of('refunds.order_date') }} >= {{ month_of('refunds.refund_date') }}
        ) as is_of_month
    from refunds
    cross join bases

),

-- A day of a platform brings its first row even when it is nothing, to take the place of what it was.
final as (

    select
        'order:' || of_orders.source || ':' || of_orders.shop_id || ':' || of_orders.order_id as piece,
        bases.basis,
        of_orders.day,
        {{ month_of('of_orders.day') }} as month,
        of_orders.step,
        of_orders.step as step_in_month,
        of_orders.platform,
        of_orders.source,
        of_orders.shop_id,
        of_orders.order_id,
        cast(null as varchar) as refund_id,
        of_orders.touch_id,
        of_orders.touched_at,
        cast(of_orders.amount_cents as bigint) as amount_cents,
        cast(of_orders.orders as decimal(38, 6)) as orders,
        cast(of_orders.sync_id as bigint) as sync_id,
        cast(of_orders._load_seq as bigint) as _load_seq
    from of_orders
    cross join bases
    where of_orders.amount_cents <> 0 or of_orders.orders <> 0

    union all

    select
        'day:' || of_platform_days.platform || ':' || cast(of_platform_days.day as varchar) as piece,
        bases.basis,
        of_platform_days.day,
        {{ month_of('of_platform_days.day') }} as month,
        of_platform_days.step,
        of_platform_days.step as step_in_month,
        of_platform_days.platform,
        null as source,
        null as shop_id,
        null as order_id,
        null as refund_id,
        null as touch_id,
        null as touched_at,
        cast(of_platform_days.amount_cents as bigint) as amount_cents,
        cast(of_platform_days.orders as decimal(38, 6)) as orders,
        null as sync_id,
        cast(of_platform_days._load_seq as bigint) as _load_seq
    from of_platform_days
    cross join bases
    where of_platform_days.step = 'claimed' or of_platform_days.amount_cents <> 0 or of_platform_days.orders <> 0

    union all

    select
        'order:' || source || ':' || shop_id || ':' || order_id as piece,
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
        cast(0 as decimal(38, 6)) as orders,
        cast(sync_id as bigint) as sync_id,
        cast(_load_seq as bigint) as _load_seq
    from of_refunds
    where amount_cents <> 0

)

select * from final
