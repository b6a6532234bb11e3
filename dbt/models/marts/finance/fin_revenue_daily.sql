{%- set parts = [
    'gross_sales', 'discounts', 'returns', 'shipping', 'tax',
    'duties', 'fees', 'tips', 'gift_card_sales',
] -%}

with orders as (

    select * from {{ ref('fct_orders') }}
    where not is_test

),

refunds as (

    select * from {{ ref('fct_refunds') }}
    where not is_test

),

attributed as (

    select * from {{ ref('fct_attribution') }}

),

-- What finance books: every sale on its order date, every refund on its refund date, priced with the rate of that day.
-- A basis moves an entry to another day; it never changes an amount.
entries as (

    select
        'order:' || source || ':' || shop_id || ':' || order_id as entry_id,
        source,
        shop_id,
        order_date as booked_on,
        order_date as ordered_on,
        channel,
        currency,
        fx_rate,
        1 as orders,
        {{ money('gross_sales') }} as gross_sales,
        {{ money('discounts') }} as discounts,
        {{ money('0') }} as returns,
        {{ money('shipping') }} as shipping,
        {{ money('tax') }} as tax,
        {{ money('duties') }} as duties,
        {{ money('fees') }} as fees,
        {{ money('tips') }} as tips,
        {{ money('gift_card_sales') }} as gift_card_sales
    from orders

    union all

    select
        'refund:' || source || ':' || shop_id || ':' || refund_id as entry_id,
        source,
        shop_id,
        refund_date as booked_on,
        coalesce(order_date, refund_date) as ordered_on,
        channel,
        currency,
        fx_rate,
        0 as orders,
        {{ money('0') }} as gross_sales,
        {{ money('0') }} as discounts,
        {{ money('subtotal') }} as returns,
        {{ money('0 - shipping') }} as shipping,
        {{ money('0 - tax') }} as tax,
        {{ money('0 - duties') }} as duties,
        {{ money('0') }} as fees,
        {{ money('0') }} as tips,
        {{ money('0 - gift_card_subtotal') }} as gift_card_sales
    from refunds

),

-- The one touch that this model gives an entry; a refund has that of its order.
touches as (

    select
        entry_id,
        channel,
        cast({{ to_zone('touched_at', "'" ~ reporting_timezone() ~ "'") }} as date) as touched_on
    from attributed
    where model = '{{ accrual_model() }}' and credit = 1

),

placed as (

    select
        'order_date' as basis,
        entries.ordered_on as day,
        entries.*
    from entries

    union all

    select
        'refund_date' as basis,
        entries.booked_on as day,
        entries.*
    from entries

    union all

    select
        'touch_date' as basis,
        coalesce(touches.touched_on, entries.ordered_on) as day,
        entries.entry_id,
        entries.source,
        entries.shop_id,
        entries.booked_on,
        entries.ordered_on,
        coalesce(touches.channel, entries.channel) as channel,
        entries.currency,
        entries.fx_rate,
        entries.orders,
        entries.gross_sales,
        entries.discounts,
        entries.returns,
        entries.shipping,
        entries.tax,
        entries.duties,
        entries.fees,
        entries.tips,
        entries.gift_card_sales
    from entries
    left join touches on entries.entry_id = touches.entry_id

),

summed as (

    select
        basis,
        day,
        source,
        shop_id,
        channel,
        currency,
        sum(orders) as orders,
        count(*) - count(fx_rate) as entries_without_rate,
        {% for part in parts -%}
        sum({{ part }}) as {{ part }},
        sum({{ money(part ~ ' * fx_rate') }}) as {{ part }}_reporting{{ ',' if not loop.last }}
        {% endfor %}
    from placed
    group by basis, day, source, shop_id, channel, currency

),

-- A sum with an entry that has no rate is not known, which is not the same as a smaller one.
final as (

    select
        basis,
        day as booked_on,
        source,
        shop_id,
        channel,
        currency,
        cast(orders as bigint) as orders,
        {% for part in parts -%}
        {{ money(part) }} as {{ part }},
        {% endfor -%}
        {{ money('gross_sales - discounts - returns') }} as net_sales,
        {{ money('gross_sales - discounts - returns + shipping + tax + duties + fees') }} as total,
        '{{ reporting_currency() }}' as reporting_currency,
        cast(entries_without_rate as bigint) as entries_without_rate,
        {% for part in parts -%}
        case when entries_without_rate = 0 then {{ money(part ~ '_reporting') }} end as {{ part }}_reporting,
        {% endfor -%}
        case
            when entries_without_rate = 0
                then {{ money('gross_sales_reporting - discounts_reporting - returns_reporting') }}
        end as net_sales_reporting,
        case
            when entries_without_rate = 0
                then {{ money('gross_sales_reporting - discounts_reporting - returns_reporting
                    + shipping_reporting + tax_reporting + duties_reporting + fees_reporting') }}
        end as total_reporting
    from summed

)

select * from final
