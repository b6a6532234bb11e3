{# rendered from all sources, sha256 503846fc571016cf2105902ab669e468969cfeceaaca3e6039cc72145c0f84cd; change the declaration, then run `plumbline render` #}

{# The fixed time zone of a source's days. #}
{% macro timezone_of(source) %}
    {%- set declared = {
        'ga4': 'America/New_York',
        'ga4_export': 'America/New_York',
        'hubspot': 'UTC',
        'shopify': 'America/New_York',
    } -%}
    {{ return(declared[source]) }}
{% endmacro %}


{# The fixed currency of a source's amounts. #}
{% macro currency_of(source) %}
    {%- set declared = {
        'ga4': 'USD',
        'ga4_export': 'USD',
        'hubspot': 'USD',
        'shopify': 'USD',
    } -%}
    {{ return(declared[source]) }}
{% endmacro %}


{# Days before its last one about which a sync may speak. #}
{% macro reach_of(source) %}
    {%- set declared = {
        'ga4': 5,
        'ga4_export': 5,
        'google_ads': 31,
        'hubspot': 2,
        'meta_ads': 29,
        'shopify': 3,
    } -%}
    {{ return(declared[source]) }}
{% endmacro %}


{# Within how many minutes of its schedule a source is extracted. #}
{% macro extract_minutes() %}
    {%- set declared = {
        'ga4': 20,
        'ga4_export': 20,
        'google_ads': 20,
        'hubspot': 20,
        'meta_ads': 20,
        'shopify': 20,
    } -%}
    {{ return(declared) }}
{% endmacro %}


{# Which orders each ad platform counts as its own. #}
{% macro claim_rules() %}
    {%- set declared = {
        'google_ads': {'clicks': ['gclid', 'gbraid', 'wbraid'], 'days': 30, 'value': 'total'},
        'meta_ads': {'clicks': ['fbclid'], 'days': 7, 'value': 'total'},
    } -%}
    {{ return(declared) }}
{% endmacro %}
