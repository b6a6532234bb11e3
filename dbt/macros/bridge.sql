{# What the bridges share: which orders a platform claims by its rule, days and months, and cents at a platform's rate. #}

{# The first order day whose claims are looked for anew: as far back as an ad platform restates and a click may lie. A
   literal, so that older blocks are skipped. #}
{% macro claims_are_open_since(orders) %}
    {%- if execute and is_incremental() -%}
        {%- set latest = 'cast(max(order_date) as date)' -%}
        {%- set found = run_query('select ' ~ plus_days(latest, -58) ~ ' from ' ~ orders).columns[0].values()[0] -%}
        {{ return(found or '1970-01-01') }}
    {%- endif -%}
    {{ return('1970-01-01') }}
{% endmacro %}

{# Which orders' claims are looked for: those of open days, and those of which a version is new to this model. Literals
   again, which also keeps the answer the same after the rows of these orders were taken out. #}
{% macro claims_are_looked_for(orders) %}
    {%- if execute and is_incremental() -%}
        {%- set known = run_query('select source, max(_load_seq) from ' ~ this ~ ' group by source').rows -%}
        {%- set open_since = claims_are_open_since(orders) -%}
        {%- set condition -%}
        order_date >= cast('{{ open_since }}' as date)
        or _load_seq > {% if known %}case source
            {%- for row in known %} when '{{ row[0] }}' then {{ row[1] }}{% endfor %} else 0 end
            {%- else %}0{% endif %}
        {%- endset -%}
        {{ return(condition) }}
    {%- endif -%}
    {{ return('true') }}
{% endmacro %}

{# The first day on which a click may claim one of these orders, in any zone. #}
{% macro first_day_of_claims(orders, condition) %}
    {%- if execute and is_incremental() -%}
        {%- set longest = claim_rules().values() | map(attribute='days') | max -%}
        {%- set first = plus_days('cast(min(order_date) as date)', -(longest + 2)) -%}
        {%- set answer = run_query('select ' ~ first ~ ' from ' ~ orders ~ ' where ' ~ condition) -%}
        {{ return(answer.columns[0].values()[0] or '1970-01-01') }}
    {%- endif -%}
    {{ return('1970-01-01') }}
{% endmacro %}

{# Claims of the orders that are looked at anew, before they come again. #}
{% macro reopen_claims() -%}
    {%- if execute and is_incremental() -%}
    delete from {{ this }}
    where order_date >= cast('{{ claims_are_open_since(ref('fct_orders')) }}' as date)
        or (source, shop_id, order_id) in (
            select source, shop_id, order_id from {{ ref('fct_orders') }}
            where {{ claims_are_looked_for(ref('fct_orders')) }}
        )
    {%- endif -%}
{%- endmacro %}

{# The first day of the month of a date. #}
{% macro month_of(date) -%}
    cast({{ dbt.date_trunc('month', date) }} as date)
{%- endmacro %}

{# Cents at one rate as cents at another one, half a cent up, without a float: rates have nine decimals. #}
{% macro cents_at_other_rate(cents, rate, other_rate) -%}
    cast({{ whole_division(
        '2 * cast(' ~ cents ~ ' as ' ~ exact_integer() ~ ') * cast(' ~ other_rate ~ ' * 1000000000 as ' ~ exact_integer()
        ~ ') + cast(' ~ rate ~ ' * 1000000000 as ' ~ exact_integer() ~ ')',
        '2 * cast(' ~ rate ~ ' * 1000000000 as ' ~ exact_integer() ~ ')'
    ) }} as bigint)
{%- endmacro %}

{# After the days on which they were claimed were made anew: rows of orders that are no more (a refund keeps its own), and
   platform days that were only there to be replaced. #}
{% macro forget_vanished_pieces() -%}
    {%- if execute -%}
    delete from {{ this }} where (order_id is null and amount_cents = 0 and orders = 0)
        {%- if is_incremental() %} or piece in (
        select known.piece
        from {{ this }} as known
        left join {{ ref('fct_orders') }} as orders
            on known.source = orders.source and known.shop_id = orders.shop_id and known.order_id = orders.order_id
        left join {{ ref('fct_refunds') }} as refunds
            on known.source = refunds.source and known.shop_id = refunds.shop_id and known.refund_id = refunds.refund_id
        where known.basis = 'order_date' and known.order_id is not null and orders.order_id is null
            and (known.refund_id is null or refunds.refund_id is null)
    ){% endif %}
    {%- endif -%}
{%- endmacro %}
