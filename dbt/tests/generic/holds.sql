{# Fails with every row for which a statement is not true; unknown is not true. #}
{% test holds(model, statement) %}
    select *
    from {{ model }}
    where not coalesce({{ statement }}, false)
{% endtest %}
