{# Fails with every key that stands twice, and with every null in a key column that must have a value. #}
{% test one_row_per(model, columns, may_be_null=[]) %}
    select
        {{ columns | join(', ') }},
        count(*) as found
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {%- for column in columns if column not in may_be_null %}
        or {{ column }} is null
        {%- endfor %}
{% endtest %}
