{# rendered from all sources, sha256 cbcd6535a2f7acbfe48991bf63ddea1866ca2ae875b362024428809f86bece3b; change the declaration, then run `plumbline render` #}

{# The sources that declare a fact under `provides`; each has a model <source>__<fact>. #}
{% macro sources_providing(fact) %}
    {%- set providers = {
        'ad_performance': ['google_ads', 'meta_ads'],
        'ad_spend_said': ['google_ads', 'meta_ads'],
        'clicks': ['google_ads'],
        'leads': ['hubspot'],
        'order_versions': ['shopify'],
        'orders': ['shopify'],
        'refund_versions': ['shopify'],
        'refunds': ['shopify'],
        'sessions': ['ga4_export'],
    } -%}
    {{ return(providers[fact]) }}
{% endmacro %}
