{# What staging needs of an engine beyond plain SQL: Airbyte's own changes, and the parts of a URL. #}

{# Number of values that Airbyte says it changed or nulled in a row. #}
{% macro airbyte_changes(meta) %}{{ return(adapter.dispatch('airbyte_changes')(meta)) }}{% endmacro %}
{% macro default__airbyte_changes(meta) -%}
    cast(case when contains({{ meta }}, '"changes":[]') then 0 else coalesce(json_array_length({{ meta }}, '$.changes'), 0) end as bigint)
{%- endmacro %}
{% macro snowflake__airbyte_changes(meta) -%}
    coalesce(array_size(try_parse_json({{ meta }}):changes), 0)
{%- endmacro %}

{# Scheme, host and path of a URL: everything before the query and the fragment. #}
{% macro url_front(url) -%} split_part(split_part({{ url }}, '?', 1), '#', 1) {%- endmacro %}

{# A URL front without its scheme. #}
{% macro url_address(url) -%}
    case
        when position('://' in {{ url_front(url) }}) > 0
            then substr({{ url_front(url) }}, position('://' in {{ url_front(url) }}) + 3)
        else {{ url_front(url) }}
    end
{%- endmacro %}

{# Host in lower case, without user, password and port; null where the text is only a path. #}
{% macro url_host(url) -%}
    nullif(split_part(split_part(lower(split_part({{ url_address(url) }}, '/', 1)), '@', -1), ':', 1), '')
{%- endmacro %}

{# Path with its leading slash; a host alone has the path /. #}
{% macro url_path(url) -%}
    case
        when position('/' in {{ url_address(url) }}) > 0
            then substr({{ url_address(url) }}, position('/' in {{ url_address(url) }}))
        when {{ url }} <> '' then '/'
    end
{%- endmacro %}

{# The query of a URL, in the shape that url_parameter reads; null where it holds no parameter that is kept. #}
{% macro url_parameters(url) %}{{ return(adapter.dispatch('url_parameters')(url)) }}{% endmacro %}
{% macro default__url_parameters(url) -%}
    case
        when contains({{ url }}, '?') and regexp_matches({{ url }}, '(?i)utm_|clid=|braid=|campaign_?id=|hsa_')
        then [
            {'k': lower(split_part(x, '=', 1)), 'v': x[strpos(x || '=', '=') + 1:]}
            for x in string_split(split_part({{ url }}[strpos({{ url }}, '?') + 1:], '#', 1), '&')
        ]
    end
{%- endmacro %}
{% macro snowflake__url_parameters(url) -%}
    iff(contains({{ url }}, '?') and regexp_instr({{ url }}, 'utm_|clid=|braid=|campaign_?id=|hsa_', 1, 1, 0, 'i') > 0,
        split(split_part(substr({{ url }}, position('?' in {{ url }}) + 1), '#', 1), '&'), null)
{%- endmacro %}

{# One decoded parameter, the first of its name; empty counts as absent. #}
{% macro url_parameter(parameters, name) %}{{ return(adapter.dispatch('url_parameter')(parameters, name)) }}{% endmacro %}
{% macro default__url_parameter(parameters, name) -%}
    case when {{ parameters }} is not null then nullif({{ url_decoded(
        parameters ~ "[list_position([x.k for x in " ~ parameters ~ "], '" ~ name ~ "')].v"
    ) }}, '') end
{%- endmacro %}
{% macro snowflake__url_parameter(parameters, name) -%}
    nullif({{ url_decoded(
        "substr(filter(" ~ parameters ~ ", x -> startswith(lower(x::varchar), '" ~ name ~ "='))[0]::varchar, " ~ (name | length + 2) ~ ")"
    ) }}, '')
{%- endmacro %}

{# Percent-decoding as UTF-8, plus as space; text that does not decode stays as it is. #}
{% macro url_decoded(text) %}{{ return(adapter.dispatch('url_decoded')(text)) }}{% endmacro %}
{% macro default__url_decoded(text) -%} coalesce(try(url_decode(replace({{ text }}, '+', ' '))), {{ text }}) {%- endmacro %}
{% macro snowflake__url_decoded(text) -%}
    coalesce(try_hex_decode_string(
        hex_encode(split_part(replace({{ text }}, '+', ' '), '%', 1)) || array_to_string(transform(
            array_slice(split(replace({{ text }}, '+', ' '), '%'), 1, 10000),
            x -> iff(regexp_like(x::varchar, '[0-9A-Fa-f]{2}.*', 's'),
                left(x::varchar, 2) || hex_encode(substr(x::varchar, 3)), '25' || hex_encode(x::varchar))
        ), '')
    ), {{ text }})
{%- endmacro %}

{# The click id of an ad platform, and which one it is. #}
{% macro url_click_id(parameters) -%}
    coalesce(
        {%- for name in ['gclid', 'gbraid', 'wbraid', 'fbclid', 'msclkid', 'ttclid'] %}
        {{ url_parameter(parameters, name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
{% macro url_click_id_type(parameters) -%}
    case
        {%- for name in ['gclid', 'gbraid', 'wbraid', 'fbclid', 'msclkid', 'ttclid'] %}
        when {{ url_parameter(parameters, name) }} is not null then '{{ name }}'
        {%- endfor %}
    end
{%- endmacro %}

{# Ids of the ad platform in an address, by the names that platforms and tracking templates use; the first that is there. #}
{% macro url_ad_part(parameters, part) -%}
    {%- set names = {
        'utm_id': ['utm_id'],
        'campaign_id': ['gad_campaignid', 'campaignid', 'campaign_id', 'hsa_cam'],
        'ad_group_id': ['adgroupid', 'adgroup_id', 'ad_group_id', 'adset_id', 'hsa_grp'],
        'ad_id': ['ad_id', 'adid', 'creative', 'hsa_ad']
    }[part] -%}
    {%- if names | length == 1 -%}
    {{ url_parameter(parameters, names[0]) }}
    {%- else -%}
    coalesce(
        {%- for name in names %}
        {{ url_parameter(parameters, name) }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    {%- endif -%}
{%- endmacro %}
