{# Revenue as finance books it, for every mart that puts it on days: entries, and their sums by the day of a basis. #}

{% macro revenue_parts() %}
    {{ return([
        'gross_sales', 'discounts', 'returns', 'shipping', 'tax', 'duties', 'fees', 'tips', 'gift_card_sales',
    ]) }}
{% endmacro %}

{# What finance books: every sale on its order date, every refund on its refund date, priced with the rate of that day.
   A basis moves an entry to another day; it never changes an amount. #}
{% macro revenue_entries(orders, refunds) -%}
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
    from {{ orders }}
    where not is_test

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
    from {{ refunds }}
    where not is_test
{%- endmacro %}

{# Rows (basis, day, and those of revenue_entries) as one row per basis, day, source, shop, channel and currency. #}
{% macro revenue_of_days(placed) -%}
{%- set parts = revenue_parts() -%}
    {# A sum with an entry that has no rate is not known, which is not the same as a smaller one. #}
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
    from (
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
        from {{ placed }}
        group by basis, day, source, shop_id, channel, currency
    ) as summed
{%- endmacro %}
