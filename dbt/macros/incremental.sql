{# What the incremental models share: how far they are, and how new rows join the old ones. #}

{# The highest load sequence that a model holds already; its own rows tell, so no state is kept elsewhere. #}
{% macro known_load_seq(relation) %}
    {%- if execute and is_incremental() -%}
        {{ return(run_query('select coalesce(max(_load_seq), 0) from ' ~ relation).columns[0].values()[0]) }}
    {%- endif -%}
    {{ return(0) }}
{% endmacro %}

{# Rows of a relation that this model has not seen; the number is a literal, so that whole blocks are skipped. #}
{% macro unseen(relation) -%}
    (select * from {{ relation }}{% if is_incremental() %} where _load_seq > {{ known_load_seq(this) }}{% endif %})
{%- endmacro %}

{# Strategy `new_keys`: of the new rows only those whose key is not there yet, looked up within the days of the batch.
   The unique key is [key, ..., day]; the day of an event belongs to its identity. Rows without a key are kept. #}
{% macro get_incremental_new_keys_sql(arguments) %}
    {%- set target, fresh = arguments['target_relation'], arguments['temp_relation'] -%}
    {%- set keys = arguments['unique_key'] -%}
    {%- set day = keys[-1] -%}
    {%- set range = run_query('select min(' ~ day ~ '), max(' ~ day ~ ') from ' ~ fresh) -%}
    {%- set first, last = range.columns[0].values()[0], range.columns[1].values()[0] -%}
    {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ fresh }} as fresh
    {%- if first is not none %}
    where {{ keys[0] }} is null or not exists (
        select 1
        from {{ target }} as known
        where known.{{ day }} between cast('{{ first }}' as date) and cast('{{ last }}' as date)
            {%- for key in keys %}
            and known.{{ key }} = fresh.{{ key }}
            {%- endfor %}
    )
    {%- endif %}
{% endmacro %}

{# Whether everything of a relation is in this model already: then its long query is not even planned. #}
{% macro nothing_new(relation) %}
    {%- if execute and is_incremental() -%}
        {%- set known = 'select coalesce(max(_load_seq), 0) from ' ~ this -%}
        {%- set answer = run_query('select coalesce(max(_load_seq), 0) <= (' ~ known ~ ') from ' ~ relation) -%}
        {{ return(answer.columns[0].values()[0]) }}
    {%- endif -%}
    {{ return(false) }}
{% endmacro %}
