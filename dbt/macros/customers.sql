{# What the marts about customers share. #}

{# One row per key and entry of a text list: (key, item). Empty entries are left out. #}
{% macro list_entries(relation, key, list, separator) -%}
    select
        {{ key }},
        item
    from (
        {{ adapter.dispatch('split_list')(relation, key, list, separator) }}
    ) as entries
    where item <> ''
{%- endmacro %}
{% macro default__split_list(relation, key, list, separator) -%}
    select
        {{ key }},
        trim(unnest(string_split({{ list }}, '{{ separator }}'))) as item
    from {{ relation }}
    where {{ list }} is not null
{%- endmacro %}
{% macro snowflake__split_list(relation, key, list, separator) -%}
    select
        {{ relation }}.{{ key }},
        trim(cast(pieces.value as varchar)) as item
    from {{ relation }}, lateral flatten(input => split({{ relation }}.{{ list }}, '{{ separator }}')) as pieces
    where {{ relation }}.{{ list }} is not null
{%- endmacro %}

{# Hours from one UTC timestamp to another, exact to the microsecond. #}
{% macro hours_between(earlier, later) -%}
    cast(cast({{ microseconds_between(earlier, later) }} as decimal(38, 0)) / 3600000000 as decimal(38, 6))
{%- endmacro %}
