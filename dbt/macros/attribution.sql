{# Who gets the credit for a conversion: one text for the marts and for `plumbline try attribution`.

   Relations: touches (touch_id, person_id, touched_at, channel, touch_type), conversions (conversion_id, person_id,
   converted_at), entries (entry_id, conversion_id, revenue_cents): what was booked for a conversion, a refund with a
   negative amount. Result: one row per entry, model and touch. Weights are fractions of whole numbers, so that neither
   a cent nor the sum of a conversion's credits passes through a float. #}
{% macro attribution_credits(
    touches, conversions, entries, window_days=30, view_window_days=0, half_life_days=7, position=[40, 20, 40]
) -%}
with eligible as (

        {{ eligible_touches(touches, conversions, window_days, view_window_days) }}

    ),

    placed as (

        {{ places_in_journey('eligible', half_life_days) }}

    ),

    weights as (

        {{ weights_of_models('placed', position) }}

        union all

        {{ weights_without_touch(conversions, 'placed') }}

    ),

    credits as (

        {{ cents_by_largest_remainder(entries, 'weights') }}

    )

    select * from credits
{%- endmacro %}

{# Same person, not after the conversion, at most window_days before it, both ends included. Views count only with a
   window of their own, and never beside a click that may have the credit. #}
{% macro eligible_touches(touches, conversions, window_days=30, view_window_days=0) -%}
    select
        conversions.conversion_id,
        touches.touch_id,
        touches.touched_at,
        touches.channel,
        {{ microseconds_between('touches.touched_at', 'conversions.converted_at') }} as age
    from {{ conversions }} as conversions
    inner join {{ touches }} as touches
        on
            conversions.person_id = touches.person_id
            and conversions.converted_at >= touches.touched_at
            and conversions.converted_at - interval '{{ window_days }} days' <= touches.touched_at
    {%- if view_window_days %}
    where
        touches.touch_type = 'click'
        or conversions.converted_at - interval '{{ view_window_days }} days' <= touches.touched_at
    qualify
        touches.touch_type = 'click'
        or max(case when touches.touch_type = 'click' then 1 else 0 end)
            over (partition by conversions.conversion_id) = 0
    {%- else %}
    where touches.touch_type = 'click'
    {%- endif %}
{%- endmacro %}

{# Touches in order, with what the models ask of a journey. Decay is a whole number, 10^15 for the latest touch: the
   power is a float, everything after it is exact. #}
{% macro places_in_journey(eligible, half_life_days) -%}
    select
        conversion_id,
        touch_id,
        touched_at,
        channel,
        place,
        count(*) over (partition by conversion_id) as touches,
        max(case when lower(channel) = 'direct' then 0 else place end) over (partition by conversion_id)
            as last_non_direct,
        cast(floor(1e15 * power(
            2,
            cast(min(age) over (partition by conversion_id) - age as double)
            / cast({{ half_life_days * 86400000000 }} as double)
        )) as bigint) as decay
    from (
        select
            *,
            row_number() over (partition by conversion_id order by touched_at, touch_id) as place
        from {{ eligible }}
    ) as numbered
{%- endmacro %}

{% macro attribution_models() %}
    {{ return(['first_touch', 'last_touch', 'last_non_direct', 'linear', 'position_based', 'time_decay']) }}
{% endmacro %}

{# One row per conversion, model and touch with a credit of numerator / denominator. #}
{% macro weights_of_models(placed, position) -%}
    {%- set first, middle, last = position -%}
    {%- set weights = {
        'first_touch': ('1', '1', 'place = 1'),
        'last_touch': ('1', '1', 'place = touches'),
        'last_non_direct': ('1', '1', 'place = case when last_non_direct = 0 then touches else last_non_direct end'),
        'linear': ('1', 'touches', none),
        'position_based': (
            'case when touches = 1 then 1'
            ~ ' when place = 1 then ' ~ first ~ ' * greatest(touches - 2, 1)'
            ~ ' when place = touches then ' ~ last ~ ' * greatest(touches - 2, 1)'
            ~ ' else ' ~ middle ~ ' end',
            'case when touches = 1 then 1'
            ~ ' when touches = 2 then ' ~ (first + last)
            ~ ' else ' ~ (first + middle + last) ~ ' * (touches - 2) end',
            none
        ),
        'time_decay': ('decay', 'sum(decay) over (partition by conversion_id)', none)
    } -%}
    {%- for model in attribution_models() %}
    {%- set numerator, denominator, condition = weights[model] %}
    select
        conversion_id,
        '{{ model }}' as model,
        touch_id,
        touched_at,
        channel,
        place,
        cast({{ numerator }} as {{ exact_integer() }}) as numerator,
        cast({{ denominator }} as {{ exact_integer() }}) as denominator,
        false as is_unattributed
    from {{ placed }}
    {%- if condition %}
    where {{ condition }}
    {%- endif %}
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{# A conversion without an eligible touch is direct, and marked: its revenue is not lost. #}
{% macro weights_without_touch(conversions, placed) -%}
    select
        conversions.conversion_id,
        models.model,
        cast(null as varchar) as touch_id,
        cast(null as timestamp) as touched_at,
        'direct' as channel,
        1 as place,
        1 as numerator,
        1 as denominator,
        true as is_unattributed
    from {{ conversions }} as conversions
    left join {{ placed }} as placed on conversions.conversion_id = placed.conversion_id and placed.place = 1
    cross join (
        {%- for model in attribution_models() %}
        select '{{ model }}' as model {{ 'union all' if not loop.last }}
        {%- endfor %}
    ) as models
    where placed.conversion_id is null
{%- endmacro %}

{# Whole cents by the share, rounded down; the cents left over go one each to the largest remainders, ties in the order
   of touches; then the sign comes back. The sum of a model is the amount of the entry, for any amount. #}
{% macro cents_by_largest_remainder(entries, weights) -%}
    select
        entry_id,
        conversion_id,
        model,
        touch_id,
        touched_at,
        channel,
        place,
        cast(
            cast({{ whole_division('numerator * 100000000000000000', 'denominator') }} as decimal(18, 0))
            * cast('0.00000000000000001' as decimal(18, 17)) as decimal(18, 17)
        ) as credit,
        cast(direction * (whole + case when turn <= left_over then 1 else 0 end) as bigint) as revenue_cents,
        is_unattributed
    from (
        select
            *,
            amount - sum(whole) over (partition by entry_id, model) as left_over,
            row_number() over (partition by entry_id, model order by remainder desc, place) as turn
        from (
            select
                entries.entry_id,
                entries.amount,
                entries.direction,
                weights.*,
                {{ whole_division('entries.amount * weights.numerator', 'weights.denominator') }} as whole,
                mod(entries.amount * weights.numerator, weights.denominator) as remainder
            from (
                select
                    entry_id,
                    conversion_id,
                    abs(cast(revenue_cents as {{ exact_integer() }})) as amount,
                    sign(revenue_cents) as direction
                from {{ entries }}
            ) as entries
            inner join {{ weights }} as weights on entries.conversion_id = weights.conversion_id
        ) as divided
    ) as shared
{%- endmacro %}

{# Microseconds from one UTC timestamp to another. #}
{% macro microseconds_between(earlier, later) %}
    {{- return(adapter.dispatch('microseconds_between')(earlier, later)) -}}
{% endmacro %}
{% macro default__microseconds_between(earlier, later) -%}
    date_diff('microsecond', {{ earlier }}, {{ later }})
{%- endmacro %}
{% macro snowflake__microseconds_between(earlier, later) -%}
    datediff('microsecond', {{ earlier }}, {{ later }})
{%- endmacro %}

{# A whole number of 37 digits: cents times weights do not overflow it. (fakesnow makes 64 bits of number(38, 0).) #}
{% macro exact_integer() %}{{ return(adapter.dispatch('exact_integer')()) }}{% endmacro %}
{% macro default__exact_integer() %}hugeint{% endmacro %}
{% macro snowflake__exact_integer() %}number(37, 0){% endmacro %}

{# Division of whole numbers without a fraction, for numbers that are not negative. #}
{% macro whole_division(dividend, divisor) %}{{ return(adapter.dispatch('whole_division')(dividend, divisor)) }}{% endmacro %}
{% macro default__whole_division(dividend, divisor) -%}
    (({{ dividend }}) // ({{ divisor }}))
{%- endmacro %}
{% macro snowflake__whole_division(dividend, divisor) -%}
    round((({{ dividend }}) - mod({{ dividend }}, {{ divisor }})) / ({{ divisor }}), 0)
{%- endmacro %}

{# An amount in shop currency as whole cents of the reporting currency. #}
{% macro reporting_cents(amount, rate, type='bigint') -%}
    cast(round({{ money('(' ~ amount ~ ') * ' ~ rate) }} * 100, 0) as {{ type }})
{%- endmacro %}

{# The same for what a platform reports, which may be any number at all: it must be shown, not stop a build. #}
{% macro reported_cents(amount, rate) -%}
    {{ reporting_cents(amount, rate, 'decimal(38, 0)') }}
{%- endmacro %}

{# The first day whose conversions are credited anew when the past changes: 30 days of window and the 28 days within which
   an ad platform may restate, before the latest conversion. A literal, so that older blocks are skipped. #}
{% macro credit_is_open_since(conversions) %}
    {%- if execute and is_incremental() -%}
        {%- set latest = 'cast(max(converted_on) as date)' -%}
        {%- set found = run_query('select ' ~ plus_days(latest, -58) ~ ' from ' ~ conversions).columns[0].values()[0] -%}
        {{ return(found or '1970-01-01') }}
    {%- endif -%}
    {{ return('1970-01-01') }}
{% endmacro %}

{# Credits of conversions that are no more (a deleted order, a test, an archived contact), before the others come. #}
{% macro forget_vanished_conversions() -%}
    {%- if execute and is_incremental() -%}
    delete from {{ this }} where conversion_id in (
        select known.conversion_id
        from {{ this }} as known
        left join {{ ref('fct_conversions') }} as conversions on known.conversion_id = conversions.conversion_id
        where known.model = 'first_touch' and known.entry_type = 'sale' and conversions.conversion_id is null
    )
    {%- endif -%}
{%- endmacro %}
