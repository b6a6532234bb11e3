-- rendered from all sources, sha256 503846fc571016cf2105902ab669e468969cfeceaaca3e6039cc72145c0f84cd; change the declaration, then run `plumbline render`
{{ config(materialized='view') }}

{% set models = [
    ref('measure_ga4'),
    ref('measure_ga4_export'),
    ref('measure_google_ads'),
    ref('measure_hubspot'),
    ref('measure_meta_ads'),
    ref('measure_shopify'),
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
