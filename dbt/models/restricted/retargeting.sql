with rules as {{ inlined() }} (

    select * from {{ ref('retargeting_rules') }}

),

funnel as (

    select * from {{ ref('fct_funnel') }}
    where excluded_because is null and stage_order between 1 and 7

),

days as {{ inlined() }} (

    select * from {{ ref('int_order_days') }}

),

-- No rule looks further back; two days more for clocks and time zones.
listed_from as (

    select {{ plus_days('min(days.last_day)', 'max(rules.until_days) * -1 - 2') }} as first_day
    from days
    cross join rules

),

sessions as (

    select *
    from {{ ref('fct_sessions') }}
    where session_date >= (select first_day from listed_from)

),

touches as (

    select
        touch_id,
        person_id
    from {{ ref('fct_touchpoints') }}
    where touched_on >= (select first_day from listed_from)

),

orders as (

    select * from {{ ref('fct_customer_orders') }}
    where not is_test and person_id is not null

),

last_orders as (

    select
        person_id,
        max(processed_at) as ordered_at
    from orders
    group by person_id

),

-- The furthest stage of a contact says what it is today.
furthest as (

    select
        source,
        'contact' as record_type,
        contact_id as record_id,
        stage as signal,
        person_id,
        channel,
        entered_at as left_at,
        entered_date as left_on
    from funnel
    qualify row_number() over (partition by source, contact_id order by stage_order desc) = 1

),

-- The last checkout of a browser that led to no purchase.
checkouts as (

    select
        sessions.origin as source,
        'browser' as record_type,
        sessions.user_pseudo_id as record_id,
        'checkout' as signal,
        touches.person_id,
        sessions.channel,
        sessions.checkout_at as left_at,
        sessions.session_date as left_on
    from sessions
    left join touches on sessions.session_key = touches.touch_id
    where sessions.checkout_at is not null and sessions.user_pseudo_id is not null
    qualify
        row_number() over (
            partition by sessions.origin, sessions.user_pseudo_id
            order by sessions.checkout_at desc, sessions.session_key desc
        ) = 1
        and sessions.purchases = 0

),

bought_later as (

    select
        origin as source,
        user_pseudo_id as record_id,
        max(ended_at) as ended_at
    from sessions
    where purchases > 0
    group by origin, user_pseudo_id

),

left_behind as (

    select * from furthest

    union all

    select checkouts.*
    from checkouts
    left join bought_later
        on
            checkouts.source = bought_later.source
            and checkouts.record_id = bought_later.record_id
            and checkouts.left_at <= bought_later.ended_at
    where bought_later.record_id is null

),

final as (

    select
        left_behind.source,
        left_behind.record_type,
        left_behind.record_id,
        left_behind.person_id,
        rules.reason,
        left_behind.signal,
        left_behind.channel,
        left_behind.left_at,
        left_behind.left_on,
        cast({{ dbt.datediff('left_behind.left_on', 'days.last_day', 'day') }} as integer) as days_since,
        days.last_day as listed_on
    from left_behind
    cross join days
    inner join rules on left_behind.signal = rules.signal
    left join last_orders
        on left_behind.person_id = last_orders.person_id and left_behind.left_at <= last_orders.ordered_at
    where
        last_orders.person_id is null
        and {{ dbt.datediff('left_behind.left_on', 'days.last_day', 'day') }} between rules.after_days and rules.until_days

)

select * from final
