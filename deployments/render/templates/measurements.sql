{{ config(materialized='view') }}

{% set models = [
    [% for model in models %]
    ref('[[ model ]]'),
    [% endfor %]
] %}
{% set measured = [] %}
{% for model in models if not execute or load_relation(model) is not none %}
{% do measured.append(model) %}
{% endfor %}

with every_measurement as (
    {% for model in measured %}
    select * from {{ model }}
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

final as (
    select *
    from every_measurement
    qualify load_seq = max(load_seq) over (partition by source, window_start, window_end)
)

select * from final
