{# rendered from all sources, sha256 55e51cb80f44453966cd289c2b04b193288357c979643c4245a797bf6328e76f; change the declaration, then run `plumbline render` #}

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
