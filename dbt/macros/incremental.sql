{# What the incremental models share: how far they are, and how new rows join the old ones. #}

{# The highest load sequence that a model holds already; its own rows tell, so no state is kept elsewhere. #}
{% macro known_load_seq(relation) %}{{ return(known_number('_load_seq', relation)) }}{% endmacro %}

{# The highest number in a column of a model, as a literal; 0 for none. #}
{% macro known_number(column, relation=none) %}
    {%- if execute and is_incremental() -%}
        {%- set highest = 'coalesce(max(' ~ column ~ '), 0)' -%}
        {{ return(run_query('select ' ~ highest ~ ' from ' ~ (relation or this)).columns[0].values()[0]) }}
    {%- endif -%}
    {{ return(0) }}
{% endmacro %}

{# Rows of a relation that this model has not seen; the number is a literal, so that whole blocks are skipped. #}
{% macro unseen(relation) -%}
    (select * from {{ relation }}{% if is_incremental() %} where _load_seq > {{ known_load_seq(this) }}{% endif %})
{%- endmacro %}

{# First and last day of a relation's rows that this model has not seen, and some days around them, as literals: whole
   blocks of other days are skipped. Without new rows, a day that no row has. #}
{% macro days_of_unseen(relation, day, around=0) %}
    {%- if execute and is_incremental() -%}
        {%- set first, last = plus_days('min(' ~ day ~ ')', -around), plus_days('max(' ~ day ~ ')', around) -%}
        {%- set found = run_query('select ' ~ first ~ ', ' ~ last ~ ' from ' ~ unseen(relation) ~ ' as unseen') -%}
        {{ return((found.columns[0].values()[0] or '1970-01-01', found.columns[1].values()[0] or '1970-01-01')) }}
    {%- endif -%}
    {{ return(('1970-01-01', '1970-01-01')) }}
{% endmacro %}

{# When this run began: rows of an incremental model that carry it tell the models after it what was made again. #}
{% macro made_at() -%}
    cast('{{ run_started_at.strftime("%Y-%m-%d %H:%M:%S.%f") }}' as timestamp)
{%- endmacro %}

{# The highest value of a column that this model holds, as a literal timestamp; a time before all others for none. #}
{% macro known_time(column) %}
    {%- if execute and is_incremental() -%}
        {%- set found = run_query('select max(' ~ column ~ ') from ' ~ this).columns[0].values()[0] -%}
        {{ return("cast('" ~ (found or '1970-01-01') ~ "' as timestamp)") }}
    {%- endif -%}
    {{ return("cast('1970-01-01' as timestamp)") }}
{% endmacro %}

{# Strategy `new_keys`: of the new rows only those whose key is not there yet, looked up within the days of the batch.
   The unique key is [key, ..., day]; the day of an event belongs to its identity. Rows without a key are kept, and rows
   that are held back: such a row neither takes the place of a sound one nor gives way to it. #}
{% macro get_incremental_new_keys_sql(arguments) %}
    {%- set target, fresh = arguments['target_relation'], arguments['temp_relation'] -%}
    {%- set keys = arguments['unique_key'] -%}
    {%- set day = keys[-1] -%}
    {%- set range = run_query('select min(' ~ day ~ '), max(' ~ day ~ ') from ' ~ fresh) -%}
    {%- set first, last = range.columns[0].values()[0], range.columns[1].values()[0] -%}
    {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set judged = '_broken' in (arguments['dest_columns'] | map(attribute='name') | map('lower') | list) -%}
    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ fresh }} as fresh
    {%- if first is not none %}
    where {{ keys[0] }} is null{{ ' or _broken is not null' if judged }} or not exists (
        select 1
        from {{ target }} as known
        where known.{{ day }} between cast('{{ first }}' as date) and cast('{{ last }}' as date)
            {%- for key in keys %}
            and known.{{ key }} = fresh.{{ key }}
            {%- endfor %}
            {{- ' and known._broken is null' if judged }}
    )
    {%- endif %}
{% endmacro %}

{# Strategy `slices`: whole slices are replaced. The unique key is the slice; a slice that is empty now comes as a row
   without a load sequence, and such a row removes without being inserted. #}
{% macro get_incremental_slices_sql(arguments) %}
    {%- set target, fresh = arguments['target_relation'], arguments['temp_relation'] -%}
    {%- set slice = arguments['unique_key'] | join(', ') -%}
    {%- set columns = arguments['dest_columns'] | map(attribute='quoted') | join(', ') -%}
    {%- set statements -%}
    delete from {{ target }}
    where ({{ slice }}) in (select {{ slice }} from {{ fresh }});
    insert into {{ target }} ({{ columns }})
    select {{ columns }}
    from {{ fresh }}
    where _load_seq is not null
    {%- endset -%}
    {{ return(all_or_nothing(statements)) }}
{% endmacro %}

{# What an incremental model with this strategy ends with: its rows (CTE `made`), and in an incremental build one row of
   nothing but its key for each slice that is empty now (CTE `gone`, with the columns of the unique key). #}
{% macro made_and_gone() -%}
    select * from made
    {%- if is_incremental() %}
    union all
    select
        made.* replace (
        {%- for key in model.config.unique_key %}
            gone.{{ key }} as {{ key }}{{ ',' if not loop.last }}
        {%- endfor %}
        )
    from gone
    left join made on false
    {%- endif %}
{%- endmacro %}

{# Statements as one transaction; on DuckDB a model's statements are one already. #}
{% macro all_or_nothing(statements) %}{{ return(adapter.dispatch('all_or_nothing')(statements)) }}{% endmacro %}
{% macro default__all_or_nothing(statements) %}{{ return(statements) }}{% endmacro %}
{% macro snowflake__all_or_nothing(statements) %}{{ return(snowflake_dml_explicit_transaction(statements)) }}{% endmacro %}

{# Whether everything of a relation is in this model already: then its long query is not even planned. #}
{% macro nothing_new(relation) %}
    {%- if execute and is_incremental() -%}
        {%- set known = 'select coalesce(max(_load_seq), 0) from ' ~ this -%}
        {%- set answer = run_query('select coalesce(max(_load_seq), 0) <= (' ~ known ~ ') from ' ~ relation) -%}
        {{ return(answer.columns[0].values()[0]) }}
    {%- endif -%}
    {{ return(false) }}
{% endmacro %}

{# After the name of a CTE that is nothing but a table: DuckDB copies what is read twice, with every row and column, before
   it looks for anything in it (a day beside half a year: most of what it cost). Snowflake decides by itself. #}
{% macro inlined() %}{{ return(adapter.dispatch('inlined')()) }}{% endmacro %}
{% macro default__inlined() -%} not materialized {%- endmacro %}
{% macro snowflake__inlined() %}{% endmacro %}
