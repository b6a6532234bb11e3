{# What the measurements need of an engine: the keys of a payload, its fingerprint, and a day in a time zone. #}

{# The top-level keys of a payload, as a list. #}
{% macro payload_keys(payload) %}{{ return(adapter.dispatch('payload_keys')(payload)) }}{% endmacro %}
{% macro default__payload_keys(payload) -%} json_keys({{ payload }}) {%- endmacro %}
{% macro snowflake__payload_keys(payload) -%} object_keys(try_parse_json({{ payload }})) {%- endmacro %}

{# A number that is equal for equal payloads. #}
{% macro fingerprint(payload) %}{{ return(adapter.dispatch('fingerprint')(payload)) }}{% endmacro %}
{% macro default__fingerprint(payload) -%} cast(hash({{ payload }}) % 1000000000000 as bigint) {%- endmacro %}
{% macro snowflake__fingerprint(payload) -%} mod(abs(hash({{ payload }})), 1000000000000) {%- endmacro %}

{# Whether a place of the payload holds anything but null. The path is a list of keys. #}
{% macro payload_holds(payload, path) %}{{ return(adapter.dispatch('payload_holds')(payload, path)) }}{% endmacro %}
{% macro default__payload_holds(payload, path) -%}
    json_type({{ payload }}, '$."{{ path | join('"."') }}"') <> 'NULL'
{%- endmacro %}
{% macro snowflake__payload_holds(payload, path) -%}
    typeof(get_path(try_parse_json({{ payload }}), '"{{ path | join('"."') }}"')) <> 'NULL_VALUE'
{%- endmacro %}

{# One row per payload key and window out of key sets (window_start, window_end, payload_key_set, set_rows). #}
{% macro key_counts(sets) %}{{ return(adapter.dispatch('key_counts')(sets)) }}{% endmacro %}
{% macro default__key_counts(sets) %}
    select window_start, window_end, payload_key, sum(set_rows) as key_rows
    from (select window_start, window_end, set_rows, unnest(payload_key_set) as payload_key from {{ sets }}) as listed
    group by window_start, window_end, payload_key
{% endmacro %}
{% macro snowflake__key_counts(sets) %}
    select window_start, window_end, cast(listed.value as varchar) as payload_key, sum(set_rows) as key_rows
    from {{ sets }}, lateral flatten(input => payload_key_set) as listed
    group by window_start, window_end, cast(listed.value as varchar)
{% endmacro %}

{# One row per field and window out of envelopes (window_start, window_end, meta): in how many of them the connector
   says that it made the field null, because it could not read what the source had sent. #}
{% macro nulled_counts(envelopes) %}{{ return(adapter.dispatch('nulled_counts')(envelopes)) }}{% endmacro %}
{% macro default__nulled_counts(envelopes) %}
    select window_start, window_end, json_extract_string(change, '$.field') as field_name, count(*) as field_rows
    from (
        select window_start, window_end, unnest(json_extract(meta, '$.changes[*]')) as change
        from {{ envelopes }}
    ) as listed
    where json_extract_string(change, '$.change') = 'NULLED'
    group by window_start, window_end, field_name
{% endmacro %}
{% macro snowflake__nulled_counts(envelopes) %}
    select window_start, window_end, cast(listed.value:field as varchar) as field_name, count(*) as field_rows
    from {{ envelopes }}, lateral flatten(input => try_parse_json(meta):changes) as listed
    where cast(listed.value:change as varchar) = 'NULLED'
    group by window_start, window_end, cast(listed.value:field as varchar)
{% endmacro %}

{# The windows of a source in the load ledger, in an incremental build those not measured as far as they are loaded. #}
{% macro windows_to_measure(source_name) -%}
    select loaded.window_start, loaded.window_end, loaded.load_seq
    from (
        select window_start, window_end, max(load_seq) as load_seq
        from {{ source('plumbline', 'load_ledger') }}
        where source = '{{ source_name }}'
        group by window_start, window_end
    ) as loaded
    {%- if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as measured
        where measured.window_start = loaded.window_start
            and measured.window_end = loaded.window_end
            and measured.load_seq >= loaded.load_seq
    )
    {%- endif %}
{%- endmacro %}

{# Whether there are none. #}
{% macro nothing_to_measure(source_name) %}
    {%- if execute and is_incremental() -%}
        {%- set question = 'select count(*) = 0 from (' ~ windows_to_measure(source_name) ~ ') as pending' -%}
        {{ return(run_query(question).columns[0].values()[0]) }}
    {%- endif -%}
    {{ return(false) }}
{% endmacro %}

{# The first day of which they tell: the look-back of the source before the earliest of them, and one day more for the
   clocks of accounts. A literal, so that whole blocks of earlier days are skipped. #}
{% macro first_day_to_tell(source_name, reach) %}
    {%- if execute and is_incremental() -%}
        {%- set first = plus_days('cast(min(pending.window_start) as date)', -(reach + 1)) -%}
        {%- set question = 'select ' ~ first ~ ' from (' ~ windows_to_measure(source_name) ~ ') as pending' -%}
        {{ return(run_query(question).columns[0].values()[0] or '1970-01-01') }}
    {%- endif -%}
    {{ return('1970-01-01') }}
{% endmacro %}
