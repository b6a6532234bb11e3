{% macro typed_hostile__rows(rows) %}{{ return(adapter.dispatch('typed_hostile__rows')(rows)) }}{% endmacro %}

{% macro duckdb__typed_hostile__rows(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        _airbyte_data,
        from_json(_airbyte_data, '{"a.b":{"c":"VARCHAR"},"at":"TIMESTAMPTZ","day":"VARCHAR","id":"VARCHAR","it''s \"odd\" 😀":"VARCHAR","lines":[{"price":"DECIMAL(28,9)"}],"link":"VARCHAR","params":[{"key":"VARCHAR","value":{"double_value":"DECIMAL(28,9)","int_value":"DECIMAL(28,9)","string_value":"BIGINT"}}],"seconds":"BIGINT"}') as j,
        from_json(_tokens, '{"email":"VARCHAR"}') as t
    from {{ rows }}
),

with_keys as (
    select
        *,
        [x."key" for x in j."params"] as params_key_keys
    from parsed
),

with_urls as (
    select
        *,
        j."link" as link_text
    from with_keys
),

with_parameters as (
    select
        *,
        {{ url_parameters('link_text') }} as link_parameters
    from with_urls
),

final as (
    select
        j."id" as id,
        j."it's ""odd"" 😀" as it_s__odd___,
        coalesce(try_cast(j."params"[list_position(params_key_keys, 'o''clock')]."value"."int_value" as bigint), j."params"[list_position(params_key_keys, 'o''clock')]."value"."string_value") as picked,
        coalesce(cast(j."params"[list_position(params_key_keys, 'amount')]."value"."double_value" as decimal(38, 9)), cast(j."params"[list_position(params_key_keys, 'amount')]."value"."int_value" as decimal(38, 9))) as amount,
        case when len(list_filter([x."price" for x in j."lines"], lambda x: x is not null)) = len([x."price" for x in j."lines"]) or len(list_filter([x."price" for x in j."lines"], lambda x: x is not null)) = {{ payload_list_holds('_airbyte_data', ['lines'], 'price') }} then try_cast(list_sum([x."price" for x in j."lines"]) as decimal(38, 9)) end as total,
        case when j."seconds" between -62135596800 and 253402300799 then make_timestamp(j."seconds" * 1000000) end as seconds,
        (j."at" at time zone 'UTC') as at,
        cast(try_strptime(j."day", '%Y%m%d') as date) as day,
        {{ url_host('link_text') }} as link_host,
        {{ url_path('link_text') }} as link_path,
        {{ url_parameter('link_parameters', 'utm_source') }} as link_utm_source,
        {{ url_parameter('link_parameters', 'utm_medium') }} as link_utm_medium,
        {{ url_parameter('link_parameters', 'utm_campaign') }} as link_utm_campaign,
        {{ url_parameter('link_parameters', 'utm_term') }} as link_utm_term,
        {{ url_parameter('link_parameters', 'utm_content') }} as link_utm_content,
        {{ url_click_id('link_parameters') }} as link_click_id,
        {{ url_click_id_type('link_parameters') }} as link_click_id_type,
        try_cast(j."a.b"."c" as boolean) as flag,
        t."email" as email_token,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from with_parameters
)

select * from final
{% endmacro %}

{% macro snowflake__typed_hostile__rows(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        _airbyte_data,
        try_parse_json(_airbyte_data) as j,
        try_parse_json(_tokens) as t
    from {{ rows }}
),

with_urls as (
    select
        *,
        j:"link"::varchar as link_text
    from parsed
),

with_parameters as (
    select
        *,
        {{ url_parameters('link_text') }} as link_parameters
    from with_urls
),

final as (
    select
        j:"id"::varchar as id,
        j:"it's ""odd"" 😀"::varchar as it_s__odd___,
        coalesce(try_cast(filter(j:"params", x -> x:"key"::varchar = 'o''clock')[0]:"value"."int_value"::varchar as number(38, 0)), try_cast(filter(j:"params", x -> x:"key"::varchar = 'o''clock')[0]:"value"."string_value"::varchar as number(38, 0))) as picked,
        coalesce(try_cast(filter(j:"params", x -> x:"key"::varchar = 'amount')[0]:"value"."double_value"::varchar as number(28, 9))::number(38, 9), try_cast(filter(j:"params", x -> x:"key"::varchar = 'amount')[0]:"value"."int_value"::varchar as number(28, 9))::number(38, 9)) as amount,
        iff(array_size(j:"lines") > 0 and array_size(filter(j:"lines", x -> x:"price"::varchar is not null and try_cast(x:"price"::varchar as number(28, 9)) is null)) = 0, reduce(j:"lines", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"price"::varchar as number(28, 9)), 0)), null)::number(38, 9) as total,
        iff(try_cast(j:"seconds"::varchar as number(38, 0)) between -62135596800 and 253402300799, to_timestamp_ntz(try_cast(j:"seconds"::varchar as number(38, 0)), 0), null) as seconds,
        convert_timezone('UTC', try_to_timestamp_tz(j:"at"::varchar))::timestamp_ntz as at,
        try_to_date(j:"day"::varchar, 'YYYYMMDD') as day,
        {{ url_host('link_text') }} as link_host,
        {{ url_path('link_text') }} as link_path,
        {{ url_parameter('link_parameters', 'utm_source') }} as link_utm_source,
        {{ url_parameter('link_parameters', 'utm_medium') }} as link_utm_medium,
        {{ url_parameter('link_parameters', 'utm_campaign') }} as link_utm_campaign,
        {{ url_parameter('link_parameters', 'utm_term') }} as link_utm_term,
        {{ url_parameter('link_parameters', 'utm_content') }} as link_utm_content,
        {{ url_click_id('link_parameters') }} as link_click_id,
        {{ url_click_id_type('link_parameters') }} as link_click_id_type,
        try_cast(j:"a.b"."c"::varchar as boolean) as flag,
        t:"email"::varchar as email_token,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from with_parameters
)

select * from final
{% endmacro %}
