{# rendered from all sources, sha256 503846fc571016cf2105902ab669e468969cfeceaaca3e6039cc72145c0f84cd; change the declaration, then run `plumbline render` #}

{# The sources that declare a fact under `provides`; each has a model <source>__<fact>. #}
{% macro sources_providing(fact) %}
    {%- set providers = {
        'ad_hours': ['google_ads'],
        'ad_performance': ['google_ads', 'meta_ads'],
        'ad_spend_said': ['google_ads', 'meta_ads'],
        'campaign_names': ['google_ads', 'meta_ads'],
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
