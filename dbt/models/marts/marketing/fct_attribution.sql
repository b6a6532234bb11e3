{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='conversion_id',
    pre_hook="{{ forget_vanished_conversions() }}"
) }}

{% set open_since = credit_is_open_since(ref('fct_conversions')) %}

with touches as (

    select * from {{ ref('fct_touchpoints') }}

),

all_conversions as (

    select * from {{ ref('fct_conversions') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

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
-- Of the days that sources may still change: conversions whose person came otherwise than it was known.
open_conversions as (

    select *
    from all_conversions
    where converted_on >= cast('{{ open_since }}' as date)

),

open_touches as (

    select *
    from touches
    where touched_at >= cast('{{ open_since }}' as date) - interval '32 days'

),

came as (

    {{ eligible_touches('open_touches', 'open_conversions') }}

),

known_to_have_come as (

    select
        conversion_id,
        touch_id,
        touched_at,
        channel
    from {{ this }}
    where
        model = 'linear'
        and entry_type = 'sale'
        and touch_id is not null
        and booked_on >= cast('{{ open_since }}' as date)

),

known_entries as (

    select
        entry_id,
        conversion_id,
        booked_at,
        revenue_cents,
        converted_at,
        person_id
    from {{ this }}
    where model = 'first_touch'

),

changed as (

    select coalesce(came.conversion_id, known_to_have_come.conversion_id) as conversion_id
    from came
    full outer join known_to_have_come
        on came.conversion_id = known_to_have_come.conversion_id and came.touch_id = known_to_have_come.touch_id
    where
        came.touched_at is distinct from known_to_have_come.touched_at
        or came.channel is distinct from known_to_have_come.channel

    union distinct

    select open_conversions.conversion_id
    from open_conversions
    inner join known_entries on open_conversions.conversion_id = known_entries.entry_id
    where
        open_conversions.converted_at <> known_entries.converted_at
        or open_conversions.person_id is distinct from known_entries.person_id

    union distinct

    -- At any age: another amount, a refund that came or went.
    select coalesce(entries.conversion_id, known_entries.conversion_id) as conversion_id
    from entries
    full outer join known_entries on entries.entry_id = known_entries.entry_id
    where
        entries.revenue_cents is distinct from known_entries.revenue_cents
        or entries.booked_at is distinct from known_entries.booked_at

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
        credited.is_unattributed
    from credited
    inner join entries on credited.entry_id = entries.entry_id
    inner join conversions on credited.conversion_id = conversions.conversion_id
    left join touches as came_on on credited.touch_id = came_on.touch_id

)

select * from final
