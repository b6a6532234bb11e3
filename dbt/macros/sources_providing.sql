{# rendered from all sources, sha256 66f78e2a4f04d121a9e7e6c266dba7a4ba469b4d2842fbf8b7e9dda7e714ee14; change the declaration, then run `plumbline render` #}

{# The sources that declare a fact under `provides`; each has a model <source>__<fact>. #}
{% macro sources_providing(fact) %}
    {%- set providers = {
        'ad_performance': ['google_ads', 'meta_ads'],
        'ad_spend_history': ['google_ads', 'meta_ads'],
        'clicks': ['google_ads'],
        'leads': ['hubspot'],
        'orders': ['shopify'],
        'refunds': ['shopify'],
        'sessions': ['ga4_export'],
    } -%}
    {{ return(providers[fact]) }}
{% endmacro %}
