{# rendered from all sources, sha256 384edd3dd7db1e5aefc82425cc740fd3506be781105e8c0edcfc41607216a76f; change the declaration, then run `plumbline render` #}

{# The sources that declare a fact under `provides`; each has a model <source>__<fact>. #}
{% macro sources_providing(fact) %}
    {%- set providers = {
        'ad_performance': ['google_ads', 'meta_ads'],
        'ad_spend_said': ['google_ads', 'meta_ads'],
        'clicks': ['google_ads'],
        'leads': ['hubspot'],
        'order_lines': ['shopify'],
        'order_versions': ['shopify'],
        'orders': ['shopify'],
        'refund_lines': ['shopify'],
        'refund_versions': ['shopify'],
        'refunds': ['shopify'],
        'sessions': ['ga4_export'],
    } -%}
    {{ return(providers[fact]) }}
{% endmacro %}
