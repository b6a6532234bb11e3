{# The few places where marts need an engine's own words, and the rules that several marts share. #}

{# A UTC timestamp as the wall clock of a zone. #}
{% macro to_zone(utc_timestamp, zone) %}{{ return(adapter.dispatch('to_zone')(utc_timestamp, zone)) }}{% endmacro %}
{% macro default__to_zone(utc_timestamp, zone) -%}
    timezone({{ zone }}, timezone('UTC', {{ utc_timestamp }}))
{%- endmacro %}
{% macro snowflake__to_zone(utc_timestamp, zone) -%}
    convert_timezone('UTC', {{ zone }}, {{ utc_timestamp }})
{%- endmacro %}

{# A wall clock of a zone as a UTC timestamp. #}
{% macro from_zone(local_timestamp, zone) -%}
    {{ return(adapter.dispatch('from_zone')(local_timestamp, zone)) }}
{%- endmacro %}
{% macro default__from_zone(local_timestamp, zone) -%}
    timezone('UTC', timezone({{ zone }}, {{ local_timestamp }}))
{%- endmacro %}
{% macro snowflake__from_zone(local_timestamp, zone) -%}
    convert_timezone({{ zone }}, 'UTC', {{ local_timestamp }})
{%- endmacro %}

{# The UTC instant at which a day ends in a zone. An unknown zone counts as the last one on earth to end a day. #}
{% macro day_end(day, zone) -%}
    {{ from_zone('cast(' ~ plus_days(day, 1) ~ ' as timestamp)', "coalesce(" ~ zone ~ ", 'Etc/GMT+12')") }}
{%- endmacro %}

{# A date some days later (or earlier); stays a date on both engines. #}
{% macro plus_days(day, days) -%}
    cast({{ dbt.dateadd('day', days, day) }} as date)
{%- endmacro %}

{# A ratio of two sums: never money, null where there is nothing to divide by. #}
{% macro ratio(numerator, denominator) -%}
    cast(({{ numerator }}) / nullif({{ denominator }}, 0) as decimal(38, 6))
{%- endmacro %}

{# Money at the precision of the marts: six decimals, exact for micros and for every minor unit. #}
{% macro money(expression) -%}
    cast({{ expression }} as decimal(38, 6))
{%- endmacro %}

{% macro reporting_currency() %}{{ return('USD') }}{% endmacro %}

{# What a channel is decided by, as one comparable text. #}
{% macro traffic_key(source, medium, campaign, click_id_type, campaign_type) -%}
    {%- for column in [source, medium, campaign, click_id_type, campaign_type] -%}
    lower(trim(coalesce({{ column }}, ''))){% if not loop.last %} || '|' || {% endif %}
    {%- endfor -%}
{%- endmacro %}

{# Rows (traffic_key, channel) for a relation with traffic_key, traffic_source, traffic_medium, traffic_campaign,
   click_id_type and campaign_type: the first rule of seed channel_rules whose filled cells all hold. #}
{% macro channels_of(traffic) -%}
    select
        traffic.traffic_key,
        rules.channel
    from (
        select distinct
            traffic_key,
            lower(trim(coalesce(traffic_source, ''))) as source,
            lower(trim(coalesce(traffic_medium, ''))) as medium,
            lower(trim(coalesce(traffic_campaign, ''))) as campaign,
            lower(trim(coalesce(click_id_type, ''))) as click_id_type,
            lower(trim(coalesce(campaign_type, ''))) as campaign_type
        from {{ traffic }}
    ) as traffic
    inner join {{ ref('channel_rules') }} as rules
        on
            coalesce(rules.source_is, traffic.source) = traffic.source
            and coalesce(rules.medium_is, traffic.medium) = traffic.medium
            and coalesce(rules.click_id_type_is, traffic.click_id_type) = traffic.click_id_type
            and coalesce(rules.campaign_type_is, traffic.campaign_type) = traffic.campaign_type
            and {{ dbt.position("coalesce(rules.source_contains, '')", 'traffic.source') }} > 0
            and {{ dbt.position("coalesce(rules.medium_contains, '')", 'traffic.medium') }} > 0
            and {{ dbt.position("coalesce(rules.campaign_contains, '')", 'traffic.campaign') }} > 0
    qualify row_number() over (partition by traffic.traffic_key order by rules.priority, rules.channel) = 1
{%- endmacro %}

{# One reporting day for everything without a day of its own: that of the shop, whose books finance keeps. #}
{% macro reporting_timezone() %}{{ return(timezone_of('shopify')) }}{% endmacro %}

{# A campaign as one text, and what it is called and is as another; null where a relation has no campaign. Models keep
   both to notice that a campaign has come to be called otherwise. #}
{% macro campaign_of(relation, source='source') -%}
    {{ relation }}.{{ source }} || '|' || {{ relation }}.account_id || '|' || {{ relation }}.campaign_id
{%- endmacro %}
{% macro words_of_campaign(relation) -%}
    {{ campaign_of(relation) }} || '|' || coalesce({{ relation }}.campaign_name, '')
    || '|' || coalesce({{ relation }}.campaign_type, '')
{%- endmacro %}

{# One text that changes when any of these cells of a seed does; an empty seed has one too. #}
{% macro fingerprint_of(cells) -%}
    {%- set whole -%}
    {%- for cell in cells -%}
    coalesce(cast({{ cell }} as varchar), ''){{ " || '|' || " if not loop.last }}
    {%- endfor -%}
    {%- endset -%}
    md5(coalesce({{ dbt.listagg(whole, "';'", 'order by ' ~ whole) }}, ''))
{%- endmacro %}

{# That of the seed channel_rules. #}
{% macro rules_fingerprint() -%}
    {{ fingerprint_of([
        'priority', 'channel', 'source_is', 'source_contains', 'medium_is', 'medium_contains', 'campaign_contains',
        'click_id_type_is', 'campaign_type_is',
    ]) }}
{%- endmacro %}
