{# rendered from all sources, sha256 a04e1b514260eee0e0bc952b93492202119f287259e8c7e2da2a5d9eeeba8799; change the declaration, then run `plumbline render` #}

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
