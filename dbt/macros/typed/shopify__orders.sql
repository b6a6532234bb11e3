{# rendered from shopify, sha256 522ed459987b0281b94ddd85c1addd961500b135c7c07d804969899a77a7eaa2; change the declaration, then run `plumbline render` #}

{% macro typed_shopify__orders(rows) %}{{ return(adapter.dispatch('typed_shopify__orders')(rows)) }}{% endmacro %}

{% macro duckdb__typed_shopify__orders(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        _airbyte_data,
        from_json(_airbyte_data, '{"cancel_reason":"VARCHAR","cancelled_at":"TIMESTAMPTZ","closed_at":"TIMESTAMPTZ","created_at":"TIMESTAMPTZ","currency":"VARCHAR","current_subtotal_price":"DECIMAL(28,9)","current_total_price":"DECIMAL(28,9)","current_total_tax":"DECIMAL(28,9)","customer":{"id":"BIGINT"},"deleted_at":"TIMESTAMPTZ","financial_status":"VARCHAR","fulfillment_status":"VARCHAR","id":"BIGINT","landing_site":"VARCHAR","line_items":[{"quantity":"DECIMAL(28,9)"}],"name":"VARCHAR","order_number":"BIGINT","presentment_currency":"VARCHAR","processed_at":"TIMESTAMPTZ","referring_site":"VARCHAR","shop_url":"VARCHAR","source_name":"VARCHAR","subtotal_price":"DECIMAL(28,9)","taxes_included":"VARCHAR","test":"VARCHAR","total_discounts":"DECIMAL(28,9)","total_line_items_price":"DECIMAL(28,9)","total_outstanding":"DECIMAL(28,9)","total_price":"DECIMAL(28,9)","total_shipping_price_set":{"shop_money":{"amount":"DECIMAL(28,9)"}},"total_tax":"DECIMAL(28,9)","total_tip_received":"DECIMAL(28,9)","updated_at":"TIMESTAMPTZ"}') as j,
        from_json(_tokens, '{"email":"VARCHAR","phone":"VARCHAR"}') as t
    from {{ rows }}
),

with_urls as (
    select
        *,
        j."landing_site" as landing_site_text,
        j."referring_site" as referring_site_text
    from parsed
),

with_parameters as (
    select
        *,
        {{ url_parameters('landing_site_text') }} as landing_site_parameters,
        {{ url_parameters('referring_site_text') }} as referring_site_parameters
    from with_urls
),

typed as (
    select
        j."id" as id,
        j."name" as name,
        j."order_number" as order_number,
        j."shop_url" as shop_url,
        (j."created_at" at time zone 'UTC') as created_at,
        (j."processed_at" at time zone 'UTC') as processed_at,
        (j."updated_at" at time zone 'UTC') as updated_at,
        (j."cancelled_at" at time zone 'UTC') as cancelled_at,
        (j."closed_at" at time zone 'UTC') as closed_at,
        (j."deleted_at" at time zone 'UTC') as deleted_at,
        j."cancel_reason" as cancel_reason,
        try_cast(j."test" as boolean) as test,
        j."financial_status" as financial_status,
        j."fulfillment_status" as fulfillment_status,
        j."source_name" as source_name,
        j."currency" as currency,
        j."presentment_currency" as presentment_currency,
        try_cast(j."taxes_included" as boolean) as taxes_included,
        cast(j."total_line_items_price" as decimal(38, 9)) as total_line_items_price,
        cast(j."total_discounts" as decimal(38, 9)) as total_discounts,
        cast(j."subtotal_price" as decimal(38, 9)) as subtotal_price,
        cast(j."total_shipping_price_set"."shop_money"."amount" as decimal(38, 9)) as total_shipping_price,
        cast(j."total_tax" as decimal(38, 9)) as total_tax,
        cast(j."total_price" as decimal(38, 9)) as total_price,
        cast(j."current_subtotal_price" as decimal(38, 9)) as current_subtotal_price,
        cast(j."current_total_price" as decimal(38, 9)) as current_total_price,
        cast(j."current_total_tax" as decimal(38, 9)) as current_total_tax,
        cast(j."total_outstanding" as decimal(38, 9)) as total_outstanding,
        cast(j."total_tip_received" as decimal(38, 9)) as total_tip_received,
        case when len(list_filter([x."quantity" for x in j."line_items"], lambda x: x is not null)) = len([x."quantity" for x in j."line_items"]) or len(list_filter([x."quantity" for x in j."line_items"], lambda x: x is not null)) = {{ payload_list_holds('_airbyte_data', ['line_items'], 'quantity') }} then try_cast(list_sum([x."quantity" for x in j."line_items"]) as bigint) end as item_quantity,
        j."customer"."id" as customer_id,
        t."email" as email_token,
        t."phone" as phone_token,
        {{ url_host('landing_site_text') }} as landing_site_host,
        {{ url_path('landing_site_text') }} as landing_site_path,
        {{ url_parameter('landing_site_parameters', 'utm_source') }} as landing_site_utm_source,
        {{ url_parameter('landing_site_parameters', 'utm_medium') }} as landing_site_utm_medium,
        {{ url_parameter('landing_site_parameters', 'utm_campaign') }} as landing_site_utm_campaign,
        {{ url_parameter('landing_site_parameters', 'utm_term') }} as landing_site_utm_term,
        {{ url_parameter('landing_site_parameters', 'utm_content') }} as landing_site_utm_content,
        {{ url_click_id('landing_site_parameters') }} as landing_site_click_id,
        {{ url_click_id_type('landing_site_parameters') }} as landing_site_click_id_type,
        {{ url_host('referring_site_text') }} as referring_site_host,
        {{ url_path('referring_site_text') }} as referring_site_path,
        {{ url_parameter('referring_site_parameters', 'utm_source') }} as referring_site_utm_source,
        {{ url_parameter('referring_site_parameters', 'utm_medium') }} as referring_site_utm_medium,
        {{ url_parameter('referring_site_parameters', 'utm_campaign') }} as referring_site_utm_campaign,
        {{ url_parameter('referring_site_parameters', 'utm_term') }} as referring_site_utm_term,
        {{ url_parameter('referring_site_parameters', 'utm_content') }} as referring_site_utm_content,
        {{ url_click_id('referring_site_parameters') }} as referring_site_click_id,
        {{ url_click_id_type('referring_site_parameters') }} as referring_site_click_id_type,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        _airbyte_data
    from with_parameters
),

final as (
    select
        id,
        name,
        order_number,
        shop_url,
        created_at,
        processed_at,
        updated_at,
        cancelled_at,
        closed_at,
        deleted_at,
        cancel_reason,
        test,
        financial_status,
        fulfillment_status,
        source_name,
        currency,
        presentment_currency,
        taxes_included,
        total_line_items_price,
        total_discounts,
        subtotal_price,
        total_shipping_price,
        total_tax,
        total_price,
        current_subtotal_price,
        current_total_price,
        current_total_tax,
        total_outstanding,
        total_tip_received,
        item_quantity,
        customer_id,
        email_token,
        phone_token,
        landing_site_host,
        landing_site_path,
        landing_site_utm_source,
        landing_site_utm_medium,
        landing_site_utm_campaign,
        landing_site_utm_term,
        landing_site_utm_content,
        landing_site_click_id,
        landing_site_click_id_type,
        referring_site_host,
        referring_site_path,
        referring_site_utm_source,
        referring_site_utm_medium,
        referring_site_utm_campaign,
        referring_site_utm_term,
        referring_site_utm_content,
        referring_site_click_id,
        referring_site_click_id_type,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        nullif(trim(
            case when id is null and {{ payload_holds('_airbyte_data', ['id']) }} then 'uncastable:id ' when id is null then 'null:id ' else '' end
            || case when subtotal_price is null and {{ payload_holds('_airbyte_data', ['subtotal_price']) }} then 'uncastable:subtotal_price ' else '' end
            || case when total_price is null and {{ payload_holds('_airbyte_data', ['total_price']) }} then 'uncastable:total_price ' else '' end
        ), '') as _broken
    from typed
)

select * from final
{% endmacro %}

{% macro snowflake__typed_shopify__orders(rows) %}
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
        j:"landing_site"::varchar as landing_site_text,
        j:"referring_site"::varchar as referring_site_text
    from parsed
),

with_parameters as (
    select
        *,
        {{ url_parameters('landing_site_text') }} as landing_site_parameters,
        {{ url_parameters('referring_site_text') }} as referring_site_parameters
    from with_urls
),

typed as (
    select
        try_cast(j:"id"::varchar as number(38, 0)) as id,
        j:"name"::varchar as name,
        try_cast(j:"order_number"::varchar as number(38, 0)) as order_number,
        j:"shop_url"::varchar as shop_url,
        convert_timezone('UTC', try_to_timestamp_tz(j:"created_at"::varchar))::timestamp_ntz as created_at,
        convert_timezone('UTC', try_to_timestamp_tz(j:"processed_at"::varchar))::timestamp_ntz as processed_at,
        convert_timezone('UTC', try_to_timestamp_tz(j:"updated_at"::varchar))::timestamp_ntz as updated_at,
        convert_timezone('UTC', try_to_timestamp_tz(j:"cancelled_at"::varchar))::timestamp_ntz as cancelled_at,
        convert_timezone('UTC', try_to_timestamp_tz(j:"closed_at"::varchar))::timestamp_ntz as closed_at,
        convert_timezone('UTC', try_to_timestamp_tz(j:"deleted_at"::varchar))::timestamp_ntz as deleted_at,
        j:"cancel_reason"::varchar as cancel_reason,
        try_cast(j:"test"::varchar as boolean) as test,
        j:"financial_status"::varchar as financial_status,
        j:"fulfillment_status"::varchar as fulfillment_status,
        j:"source_name"::varchar as source_name,
        j:"currency"::varchar as currency,
        j:"presentment_currency"::varchar as presentment_currency,
        try_cast(j:"taxes_included"::varchar as boolean) as taxes_included,
        try_cast(j:"total_line_items_price"::varchar as number(28, 9))::number(38, 9) as total_line_items_price,
        try_cast(j:"total_discounts"::varchar as number(28, 9))::number(38, 9) as total_discounts,
        try_cast(j:"subtotal_price"::varchar as number(28, 9))::number(38, 9) as subtotal_price,
        try_cast(j:"total_shipping_price_set"."shop_money"."amount"::varchar as number(28, 9))::number(38, 9) as total_shipping_price,
        try_cast(j:"total_tax"::varchar as number(28, 9))::number(38, 9) as total_tax,
        try_cast(j:"total_price"::varchar as number(28, 9))::number(38, 9) as total_price,
        try_cast(j:"current_subtotal_price"::varchar as number(28, 9))::number(38, 9) as current_subtotal_price,
        try_cast(j:"current_total_price"::varchar as number(28, 9))::number(38, 9) as current_total_price,
        try_cast(j:"current_total_tax"::varchar as number(28, 9))::number(38, 9) as current_total_tax,
        try_cast(j:"total_outstanding"::varchar as number(28, 9))::number(38, 9) as total_outstanding,
        try_cast(j:"total_tip_received"::varchar as number(28, 9))::number(38, 9) as total_tip_received,
        iff(array_size(j:"line_items") > 0 and array_size(filter(j:"line_items", x -> x:"quantity"::varchar is not null and try_cast(x:"quantity"::varchar as number(28, 9)) is null)) = 0, reduce(j:"line_items", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"quantity"::varchar as number(28, 9)), 0)), null)::number(38, 0) as item_quantity,
        try_cast(j:"customer"."id"::varchar as number(38, 0)) as customer_id,
        t:"email"::varchar as email_token,
        t:"phone"::varchar as phone_token,
        {{ url_host('landing_site_text') }} as landing_site_host,
        {{ url_path('landing_site_text') }} as landing_site_path,
        {{ url_parameter('landing_site_parameters', 'utm_source') }} as landing_site_utm_source,
        {{ url_parameter('landing_site_parameters', 'utm_medium') }} as landing_site_utm_medium,
        {{ url_parameter('landing_site_parameters', 'utm_campaign') }} as landing_site_utm_campaign,
        {{ url_parameter('landing_site_parameters', 'utm_term') }} as landing_site_utm_term,
        {{ url_parameter('landing_site_parameters', 'utm_content') }} as landing_site_utm_content,
        {{ url_click_id('landing_site_parameters') }} as landing_site_click_id,
        {{ url_click_id_type('landing_site_parameters') }} as landing_site_click_id_type,
        {{ url_host('referring_site_text') }} as referring_site_host,
        {{ url_path('referring_site_text') }} as referring_site_path,
        {{ url_parameter('referring_site_parameters', 'utm_source') }} as referring_site_utm_source,
        {{ url_parameter('referring_site_parameters', 'utm_medium') }} as referring_site_utm_medium,
        {{ url_parameter('referring_site_parameters', 'utm_campaign') }} as referring_site_utm_campaign,
        {{ url_parameter('referring_site_parameters', 'utm_term') }} as referring_site_utm_term,
        {{ url_parameter('referring_site_parameters', 'utm_content') }} as referring_site_utm_content,
        {{ url_click_id('referring_site_parameters') }} as referring_site_click_id,
        {{ url_click_id_type('referring_site_parameters') }} as referring_site_click_id_type,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        _airbyte_data
    from with_parameters
),

final as (
    select
        id,
        name,
        order_number,
        shop_url,
        created_at,
        processed_at,
        updated_at,
        cancelled_at,
        closed_at,
        deleted_at,
        cancel_reason,
        test,
        financial_status,
        fulfillment_status,
        source_name,
        currency,
        presentment_currency,
        taxes_included,
        total_line_items_price,
        total_discounts,
        subtotal_price,
        total_shipping_price,
        total_tax,
        total_price,
        current_subtotal_price,
        current_total_price,
        current_total_tax,
        total_outstanding,
        total_tip_received,
        item_quantity,
        customer_id,
        email_token,
        phone_token,
        landing_site_host,
        landing_site_path,
        landing_site_utm_source,
        landing_site_utm_medium,
        landing_site_utm_campaign,
        landing_site_utm_term,
        landing_site_utm_content,
        landing_site_click_id,
        landing_site_click_id_type,
        referring_site_host,
        referring_site_path,
        referring_site_utm_source,
        referring_site_utm_medium,
        referring_site_utm_campaign,
        referring_site_utm_term,
        referring_site_utm_content,
        referring_site_click_id,
        referring_site_click_id_type,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        nullif(trim(
            case when id is null and {{ payload_holds('_airbyte_data', ['id']) }} then 'uncastable:id ' when id is null then 'null:id ' else '' end
            || case when subtotal_price is null and {{ payload_holds('_airbyte_data', ['subtotal_price']) }} then 'uncastable:subtotal_price ' else '' end
            || case when total_price is null and {{ payload_holds('_airbyte_data', ['total_price']) }} then 'uncastable:total_price ' else '' end
        ), '') as _broken
    from typed
)

select * from final
{% endmacro %}
