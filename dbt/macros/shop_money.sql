{# Money of shops: which fractions a currency has, and prices that contain their tax. #}

{# How many of its smallest pieces make one unit of a currency: 100 cents, but no part of a yen. #}
{% macro minor_units(currency) -%}
    case
        when {{ currency }} in ('CLP', 'ISK', 'JPY', 'KRW', 'PYG', 'UGX', 'VND', 'XAF', 'XOF') then 1
        when {{ currency }} in ('BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND') then 1000
        else 100
    end
{%- endmacro %}

{# The smallest piece of a currency as money. #}
{% macro minor_unit(currency) -%}
    case {{ minor_units(currency) }} when 1 then 1.000 when 1000 then 0.001 else 0.010 end
{%- endmacro %}

{# An amount of a payload as a whole number of smallest pieces. One absurd amount counts as none, instead of stopping
   the build; the tests of money find it. #}
{% macro in_pieces(amount, currency) -%}
    cast(round(
        cast(case when abs({{ amount }}) < 1000000000000 then {{ amount }} else 0 end as decimal(24, 9))
        * {{ minor_units(currency) }}, 0
    ) as {{ exact_integer() }})
{%- endmacro %}

{# Conformed order lines out of typed ones: listed price, discounts and tax apart. A price that contains its tax loses it;
   the tax of the list price follows from that of the discounted one, or from its rate where nothing is left to pay. #}
{% macro shopify_order_lines(lines) -%}
    select
        'shopify' as source,
        shop_url as shop_id,
        cast(order_id as varchar) as order_id,
        cast(line_id as varchar) as line_id,
        position as line_number,
        cast(product_id as varchar) as product_id,
        cast(variant_id as varchar) as variant_id,
        sku,
        title as product_title,
        vendor,
        is_gift_card,
        currency,
        cast(coalesce(quantity, 0) as bigint) as quantity,
        {{ money('price') }} as price,
        {{ money('(listed - listed_tax) * piece') }} as gross_sales,
        {{ money('(taken_off - listed_tax + contained_tax) * piece') }} as discounts,
        {{ money('tax_pieces * piece') }} as tax,
        {{ money('(listed - taken_off - contained_tax) * piece') }} as net_sales,
        _extracted_at as extracted_at,
        _source_file,
        _source_row,
        _load_seq
    from (
        select
            *,
            case when contains_tax then tax_pieces else 0 end as contained_tax,
            cast(case
                when not contains_tax then 0
                when listed > taken_off and tax_pieces >= 0
                    then {{ whole_division('2 * tax_pieces * listed + listed - taken_off', '2 * (listed - taken_off)') }}
                else {{ whole_division('2 * listed * rate + 1000000 + rate', '2 * (1000000 + rate)') }}
            end as {{ exact_integer() }}) as listed_tax
        from (
            select
                *,
                coalesce(taxes_included, false) as contains_tax,
                coalesce(gift_card, false) as is_gift_card,
                {{ in_pieces('coalesce(price, 0)', 'currency') }}
                * case when abs(quantity) < 1000000 then quantity else 0 end as listed,
                {{ in_pieces('coalesce(discount, total_discount, 0)', 'currency') }} as taken_off,
                {{ in_pieces('coalesce(tax, 0)', 'currency') }} as tax_pieces,
                {{ minor_unit('currency') }} as piece,
                -- In millionths, so that nothing is divided but whole numbers.
                cast(round(case when tax_rate between 0 and 10 then tax_rate else 0 end * 1000000, 0) as bigint) as rate
            from {{ lines }}
        ) as counted
    ) as taxed
{%- endmacro %}

{# Rows of orders with their money beside them; orders, lines and shipping lines of the same versions are joined by the
   place that each version came from. The totals of a payload are those of the order as it was placed; once a line was
   added, its lines are what counts. Without readable lines the totals are all there is. #}
{% macro shopify_order_money(orders, lines, shipping_lines) -%}
    select
        *,
        {{ money('case when has_lines then line_gross else all_listed - contained_tax end') }} as gross_sales,
        {{ money('case when has_lines then line_discounts else all_discounts end') }} as discounts,
        {{ money('line_gift_cards') }} as gift_card_sales,
        {{ money('shipping_charged - case when contains_tax then shipping_tax else 0 end') }} as shipping,
        {{ money('goods_tax + shipping_tax') }} as tax,
        {{ money('all_duties') }} as duties,
        {{ money('all_tips') }} as tips,
        {{ money('all_fees') }} as fees,
        {{ money('case when is_edited then line_amounts + shipping_charged
            + case when contains_tax then 0 else goods_tax + shipping_tax end
            + all_duties + all_tips + all_fees else all_in end') }} as total
    from (
        select
            *,
            case when has_lines then line_tax else all_tax end as goods_tax,
            case when not has_lines then 0 when is_edited then charged_tax else all_tax - line_tax end as shipping_tax,
            case when contains_tax then all_tax else 0 end as contained_tax,
            line_gross - line_discounts + line_gift_cards + case when contains_tax then line_tax else 0 end as line_amounts
        from (
            select
                orders.*,
                coalesce(orders.total_line_items_price, 0) as all_listed,
                coalesce(orders.total_discounts, 0) as all_discounts,
                coalesce(orders.total_tax, 0) as all_tax,
                coalesce(orders.total_price, 0) as all_in,
                coalesce(orders.total_duties, 0) as all_duties,
                coalesce(orders.total_tip_received, 0) as all_tips,
                coalesce(orders.additional_fees, 0) + coalesce(orders.cash_rounding, 0) as all_fees,
                coalesce(orders.taxes_included, false) as contains_tax,
                orders.added_price is not null and sums.line_gross is not null as has_lines,
                coalesce(orders.added_price, 0) <> 0 and sums.line_gross is not null as is_edited,
                coalesce(sums.line_gross, 0) as line_gross,
                coalesce(sums.line_discounts, 0) as line_discounts,
                coalesce(sums.line_tax, 0) as line_tax,
                coalesce(sums.line_gift_cards, 0) as line_gift_cards,
                coalesce(charged.charged, orders.total_shipping_price, 0) as shipping_charged,
                coalesce(charged.charged_tax, 0) as charged_tax
            from {{ orders }} as orders
            left join (
                select
                    _source_file,
                    _source_row,
                    sum(case when is_gift_card then 0 else gross_sales end) as line_gross,
                    sum(case when is_gift_card then 0 else discounts end) as line_discounts,
                    sum(case when is_gift_card then net_sales else 0 end) as line_gift_cards,
                    sum(tax) as line_tax
                from {{ lines }}
                group by _source_file, _source_row
            ) as sums
                on orders._source_file = sums._source_file and orders._source_row = sums._source_row
            left join (
                select
                    _source_file,
                    _source_row,
                    sum(coalesce(discounted_price, price, 0)) as charged,
                    sum(coalesce(tax, 0)) as charged_tax
                from {{ shipping_lines }}
                group by _source_file, _source_row
            ) as charged
                on orders._source_file = charged._source_file and orders._source_row = charged._source_row
        ) as joined
    ) as parted
{%- endmacro %}

{# The attribution model whose touch dates revenue in basis touch_date: one touch per order, so no cent is split. #}
{% macro accrual_model() %}{{ return('last_non_direct') }}{% endmacro %}
