{# What the marts of operations share: rows of the ops store's copy, and the promises that they are measured against. #}

{# Rows of a table of the schema `ops`; none where nothing was copied yet. `columns` are names with their types. #}
{% macro ops_rows(name, columns) %}
    {%- set copied = source('ops', name) -%}{# outside of any condition, or dbt would not know what the model reads #}
    {%- set there = load_relation(copied) if execute else none -%}
    {%- if there is none -%}
    select {% for column, kind in columns.items() %}cast(null as {{ kind }}) as {{ column }}{{ ', ' if not loop.last }}{% endfor %}
    where 1 = 0
    {%- else -%}
    select {{ columns.keys() | join(', ') }} from {{ copied }}
    {%- endif -%}
{% endmacro %}

{# The minutes between two instants, null where one is missing. #}
{% macro minutes_between(earlier, later) -%}
    cast({{ dbt.datediff(earlier, later, 'second') }} / 60.0 as decimal(18, 3))
{%- endmacro %}

{# Within how many minutes what landed is published. #}
{% macro publish_minutes() %}{{ return(30) }}{% endmacro %}

{# The hour (UTC) of the next day at which a day is closed and published. #}
{% macro publish_hour() %}{{ return(7) }}{% endmacro %}
