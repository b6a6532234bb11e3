{# rendered from all sources, sha256 5aa6881766aae4f222136694dfb036a2d0c0d806be410394e9893f5cb2493650; change the declaration, then run `plumbline render` #}

{# The sources that declare a fact under `provides`; each has a model <source>__<fact>. #}
{% macro sources_providing(fact) %}
    {%- set providers = {
        'ad_performance': ['google_ads', 'meta_ads'],
        'clicks': ['google_ads'],
        'leads': ['hubspot'],
        'orders': ['shopify'],
        'refunds': ['shopify'],
        'sessions': ['ga4_export'],
    } -%}
    {{ return(providers[fact]) }}
{% endmacro %}
