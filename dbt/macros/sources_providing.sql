{# rendered from all sources, sha256 55e51cb80f44453966cd289c2b04b193288357c979643c4245a797bf6328e76f; change the declaration, then run `plumbline render` #}

{# The sources that declare a fact under `provides`; each has a model <source>__<fact>. #}
{% macro sources_providing(fact) %}
    {%- set providers = {
        'ad_performance': ['google_ads', 'meta_ads'],
        'ad_spend_said': ['google_ads', 'meta_ads'],
        'clicks': ['google_ads'],
        'leads': ['hubspot'],
        'orders': ['shopify'],
        'refunds': ['shopify'],
        'sessions': ['ga4_export'],
    } -%}
    {{ return(providers[fact]) }}
{% endmacro %}
