{# What the payload holds at places inside of lists, to tell a value that did not cast from one that never came. #}

{# How many elements of a list hold anything but null under a key. The list is a path of keys. #}
{% macro payload_list_holds(payload, list, key) %}{{ return(adapter.dispatch('payload_list_holds')(payload, list, key)) }}{% endmacro %}
{% macro default__payload_list_holds(payload, list, key) -%}
    len(list_filter(json_extract({{ payload }}, '$."{{ list | join('"."') }}"[*]."{{ key }}"'), lambda x: json_type(x) <> 'NULL'))
{%- endmacro %}
{% macro snowflake__payload_list_holds(payload, list, key) -%}
    array_size(filter(get_path(try_parse_json({{ payload }}), '"{{ list | join('"."') }}"'), x -> x:"{{ key }}"::varchar is not null))
{%- endmacro %}

{# Whether the element that a pick looks for holds anything but null at one of the places. The search for the text of its
   key comes first: most rows do not have the element, and reading a payload costs more than searching it. #}
{% macro payload_pick_holds(payload, list, key, wanted, places) -%}
    contains({{ payload }}, '"{{ wanted }}"') and {{ adapter.dispatch('picked_holds')(payload, list, key, wanted, places) }}
{%- endmacro %}
{% macro default__picked_holds(payload, list, key, wanted, places) -%}
    {%- if wanted.isidentifier() %}regexp_matches({{ payload }}, '"{{ key }}"\s*:\s*"{{ wanted }}"') and {% endif -%}
    len(list_filter(
        json_extract({{ payload }}, '$."{{ list | join('"."') }}"[*]'),
        lambda x: json_extract_string(x, '$."{{ key }}"') = '{{ wanted }}' and (
            {%- for place in places %}json_type(x, '$."{{ place | join('"."') }}"') <> 'NULL'{{ ' or ' if not loop.last }}{% endfor -%}
        )
    )) > 0
{%- endmacro %}
{% macro snowflake__picked_holds(payload, list, key, wanted, places) -%}
    array_size(filter(
        get_path(try_parse_json({{ payload }}), '"{{ list | join('"."') }}"'),
        x -> x:"{{ key }}"::varchar = '{{ wanted }}' and (
            {%- for place in places %}get_path(x, '"{{ place | join('"."') }}"')::varchar is not null{{ ' or ' if not loop.last }}{% endfor -%}
        )
    )) > 0
{%- endmacro %}
