{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key='conversion_id',
    pre_hook="{{ forget_vanished_conversions() }}"
) }}

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
-- Sources may still change these days; of older conversions those with another amount or refund are decided again.
open_days as (

    select {{ plus_days('max(converted_on)', -58) }} as first_day
    from all_conversions

),

booked as (

    select
        entry_id,
        conversion_id,
        sum(revenue_cents) as revenue_cents
    from {{ this }}
    where model = 'first_touch'
    group by entry_id, conversion_id

),

changed as (

    select conversion_id
    from all_conversions
    where converted_on >= (select first_day from open_days)

    union distinct

    select coalesce(entries.conversion_id, booked.conversion_id) as conversion_id
    from entries
    full outer join booked on entries.entry_id = booked.entry_id
    where entries.revenue_cents is distinct from booked.revenue_cents

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
        -- Where no touch is known the visit was direct, in the words of the seed channel_rules.
        case when credited.is_unattributed then 'Direct' else credited.channel end as channel,
        credited.credit,
        credited.revenue_cents,
        credited.is_unattributed
    from credited
    inner join entries on credited.entry_id = entries.entry_id
    inner join conversions on credited.conversion_id = conversions.conversion_id

)

select * from final
