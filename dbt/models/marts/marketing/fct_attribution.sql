{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='conversion_id',
    pre_hook="{{ forget_vanished_conversions() }}"
) }}

{% set open_since = credit_is_open_since(ref('fct_conversions')) %}
{% set conversions_to, touches_to = known_time('_conversions_to'), known_time('_touches_to') %}

with touches as {{ inlined() }} (

    select * from {{ ref('fct_touchpoints') }}

),

all_conversions as {{ inlined() }} (

    select * from {{ ref('fct_conversions') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

decided_by as (

    select
        (select max(_made_at) from all_conversions) as conversions_to,
        (select max(_made_at) from touches) as touches_to

),

-- What is booked for a conversion: its sale, and each refund on the day when it was given.
entries as (

    select
        conversion_id as entry_id,
        conversion_id,
        'sale' as entry_type,
        converted_at as booked_at,
        converted_on as booked_on,
        revenue_cents
    from all_conversions

    union all

    select
        'refund:' || refunds.source || ':' || refunds.shop_id || ':' || refunds.refund_id as entry_id,
        all_conversions.conversion_id,
        'refund' as entry_type,
        refunds.refunded_at as booked_at,
        refunds.refund_date as booked_on,
        -{{ reporting_cents('refunds.subtotal', 'refunds.fx_rate') }} as revenue_cents
    from refunds
    inner join all_conversions
        on
            'order:' || refunds.source || ':' || refunds.shop_id || ':' || refunds.order_id
            = all_conversions.conversion_id

),

{% if is_incremental() -%}
known as {{ inlined() }} (

    select
        entry_id,
        entry_type,
        conversion_id,
        model,
        touch_id,
        booked_at,
        booked_on,
        revenue_cents,
        converted_at,
        person_id
    from {{ this }}

),

-- New, of another amount, or, of the days that sources may still change, at another time or of somebody else.
other_conversions as (

    select made.conversion_id
    from all_conversions as made
    left join known
        on made.conversion_id = known.entry_id and known.model = 'first_touch' and known.entry_type = 'sale'
    where
        made._made_at > {{ conversions_to }}
        and (
            known.entry_id is null
            or made.revenue_cents is distinct from known.revenue_cents
            or made.converted_at is distinct from known.booked_at
            or (
                made.converted_on >= cast('{{ open_since }}' as date)
                and made.person_id is distinct from known.person_id
            )
        )

),

-- A refund that came, changed or went, at any age.
refunded_otherwise as (

    select coalesce(entries.conversion_id, known.conversion_id) as conversion_id
    from (select * from entries where entry_type = 'refund') as entries
    full outer join (select * from known where model = 'first_touch' and entry_type = 'refund') as known
        on entries.entry_id = known.entry_id
    where
        entries.revenue_cents is distinct from known.revenue_cents
        or entries.booked_at is distinct from known.booked_at

),

open_touches as (

    select *
    from touches
    where touched_at >= cast('{{ open_since }}' as date) - interval '32 days'

),

open_conversions as (

    select *
    from all_conversions
    where converted_on >= cast('{{ open_since }}' as date)

),

new_touches as (

    select *
    from open_touches
    where _made_at > {{ touches_to }}

),

came as (

    {{ eligible_touches('new_touches', 'open_conversions') }}

),

changed as (

    select conversion_id
    from other_conversions

    union distinct

    select conversion_id
    from refunded_otherwise

    union distinct

    -- The person came otherwise than it was known: a visit that is new or that has changed, or that is no more.
    select conversion_id
    from came

    union distinct

    select known.conversion_id
    from known
    left join open_touches on known.touch_id = open_touches.touch_id
    where
        known.model = 'linear'
        and known.entry_type = 'sale'
        and known.touch_id is not null
        and known.booked_on >= cast('{{ open_since }}' as date)
        and (open_touches.touch_id is null or open_touches._made_at > {{ touches_to }})

),
{%- endif %}

conversions as (

    select all_conversions.*
    from all_conversions
    {% if is_incremental() -%}
    inner join changed on all_conversions.conversion_id = changed.conversion_id
    {%- endif %}

),

credited as (

    {{ attribution_credits('touches', 'conversions', 'entries') }}

),

final as (

    select
        credited.entry_id,
        entries.entry_type,
        entries.booked_on,
        entries.booked_at,
        credited.conversion_id,
        conversions.conversion_type,
        conversions.stage,
        conversions.person_id,
        conversions.converted_at,
        credited.model,
        credited.touch_id,
        credited.touched_at,
        came_on.touched_on,
        -- Where no touch is known the visit was direct, in the words of the seed channel_rules.
        case when credited.is_unattributed then 'Direct' else credited.channel end as channel,
        credited.credit,
        credited.revenue_cents,
        credited.is_unattributed,
        decided_by.conversions_to as _conversions_to,
        decided_by.touches_to as _touches_to
    from credited
    cross join decided_by
    inner join entries on credited.entry_id = entries.entry_id
    inner join conversions on credited.conversion_id = conversions.conversion_id
    left join touches as came_on on credited.touch_id = came_on.touch_id

)

select * from final
