{# rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render` #}

{% macro typed_shopify__order_refunds(rows) %}{{ return(adapter.dispatch('typed_shopify__order_refunds')(rows)) }}{% endmacro %}

{% macro duckdb__typed_shopify__order_refunds(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        _airbyte_data,
        from_json(_airbyte_data, '{"created_at":"TIMESTAMPTZ","id":"BIGINT","order_adjustments":[{"amount":"DECIMAL(28,9)"}],"order_id":"BIGINT","processed_at":"TIMESTAMPTZ","refund_line_items":[{"id":"BIGINT","line_item":{"gift_card":"VARCHAR"},"line_item_id":"BIGINT","quantity":"DECIMAL(28,9)","restock_type":"VARCHAR","subtotal":"DECIMAL(28,9)","total_tax":"DECIMAL(28,9)"}],"restock":"VARCHAR","shop_url":"VARCHAR","total_duties_set":{"shop_money":{"amount":"DECIMAL(28,9)"}},"transactions":[{"amount":"DECIMAL(28,9)"}]}') as j
    from {{ rows }}
),

typed as (
    select
        j."id" as id,
        j."order_id" as order_id,
        j."shop_url" as shop_url,
        (j."created_at" at time zone 'UTC') as created_at,
        (j."processed_at" at time zone 'UTC') as processed_at,
        try_cast(j."restock" as boolean) as restock,
        case when len(list_filter([x."subtotal" for x in j."refund_line_items"], lambda x: x is not null)) = len([x."subtotal" for x in j."refund_line_items"]) or len(list_filter([x."subtotal" for x in j."refund_line_items"], lambda x: x is not null)) = {{ payload_list_holds('_airbyte_data', ['refund_line_items'], 'subtotal') }} then try_cast(list_sum([x."subtotal" for x in j."refund_line_items"]) as decimal(38, 9)) end as refund_subtotal,
        case when len(list_filter([x."total_tax" for x in j."refund_line_items"], lambda x: x is not null)) = len([x."total_tax" for x in j."refund_line_items"]) or len(list_filter([x."total_tax" for x in j."refund_line_items"], lambda x: x is not null)) = {{ payload_list_holds('_airbyte_data', ['refund_line_items'], 'total_tax') }} then try_cast(list_sum([x."total_tax" for x in j."refund_line_items"]) as decimal(38, 9)) end as refund_tax,
        case when len(list_filter([x."quantity" for x in j."refund_line_items"], lambda x: x is not null)) = len([x."quantity" for x in j."refund_line_items"]) or len(list_filter([x."quantity" for x in j."refund_line_items"], lambda x: x is not null)) = {{ payload_list_holds('_airbyte_data', ['refund_line_items'], 'quantity') }} then try_cast(list_sum([x."quantity" for x in j."refund_line_items"]) as bigint) end as refund_quantity,
        case when len(list_filter([x."amount" for x in j."transactions"], lambda x: x is not null)) = len([x."amount" for x in j."transactions"]) or len(list_filter([x."amount" for x in j."transactions"], lambda x: x is not null)) = {{ payload_list_holds('_airbyte_data', ['transactions'], 'amount') }} then try_cast(list_sum([x."amount" for x in j."transactions"]) as decimal(38, 9)) end as refund_amount,
        case when len(list_filter([x."amount" for x in j."order_adjustments"], lambda x: x is not null)) = len([x."amount" for x in j."order_adjustments"]) or len(list_filter([x."amount" for x in j."order_adjustments"], lambda x: x is not null)) = {{ payload_list_holds('_airbyte_data', ['order_adjustments'], 'amount') }} then try_cast(list_sum([x."amount" for x in j."order_adjustments"]) as decimal(38, 9)) end as adjustment_amount,
        cast(j."total_duties_set"."shop_money"."amount" as decimal(38, 9)) as refund_duties,
        j."refund_line_items" as refund_lines,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        _airbyte_data
    from parsed
),

final as (
    select
        id,
        order_id,
        shop_url,
        created_at,
        processed_at,
        restock,
        refund_subtotal,
        refund_tax,
        refund_quantity,
        refund_amount,
        adjustment_amount,
        refund_duties,
        refund_lines,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        nullif(trim(
            case when id is null and {{ payload_holds('_airbyte_data', ['id']) }} then 'uncastable:id ' when id is null then 'null:id ' else '' end
            || case when refund_subtotal is null and {{ payload_list_holds('_airbyte_data', ['refund_line_items'], 'subtotal') }} > 0 then 'uncastable:refund_subtotal ' else '' end
            || case when refund_amount is null and {{ payload_list_holds('_airbyte_data', ['transactions'], 'amount') }} > 0 then 'uncastable:refund_amount ' else '' end
        ), '') as _broken
    from typed
)

select * from final
{% endmacro %}

{% macro snowflake__typed_shopify__order_refunds(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        _airbyte_data,
        try_parse_json(_airbyte_data) as j
    from {{ rows }}
),

typed as (
    select
        try_cast(j:"id"::varchar as number(38, 0)) as id,
        try_cast(j:"order_id"::varchar as number(38, 0)) as order_id,
        j:"shop_url"::varchar as shop_url,
        convert_timezone('UTC', try_to_timestamp_tz(j:"created_at"::varchar))::timestamp_ntz as created_at,
        convert_timezone('UTC', try_to_timestamp_tz(j:"processed_at"::varchar))::timestamp_ntz as processed_at,
        try_cast(j:"restock"::varchar as boolean) as restock,
        iff(array_size(j:"refund_line_items") > 0 and array_size(filter(j:"refund_line_items", x -> x:"subtotal"::varchar is not null and try_cast(x:"subtotal"::varchar as number(28, 9)) is null)) = 0, reduce(j:"refund_line_items", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"subtotal"::varchar as number(28, 9)), 0)), null)::number(38, 9) as refund_subtotal,
        iff(array_size(j:"refund_line_items") > 0 and array_size(filter(j:"refund_line_items", x -> x:"total_tax"::varchar is not null and try_cast(x:"total_tax"::varchar as number(28, 9)) is null)) = 0, reduce(j:"refund_line_items", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"total_tax"::varchar as number(28, 9)), 0)), null)::number(38, 9) as refund_tax,
        iff(array_size(j:"refund_line_items") > 0 and array_size(filter(j:"refund_line_items", x -> x:"quantity"::varchar is not null and try_cast(x:"quantity"::varchar as number(28, 9)) is null)) = 0, reduce(j:"refund_line_items", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"quantity"::varchar as number(28, 9)), 0)), null)::number(38, 0) as refund_quantity,
        iff(array_size(j:"transactions") > 0 and array_size(filter(j:"transactions", x -> x:"amount"::varchar is not null and try_cast(x:"amount"::varchar as number(28, 9)) is null)) = 0, reduce(j:"transactions", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"amount"::varchar as number(28, 9)), 0)), null)::number(38, 9) as refund_amount,
        iff(array_size(j:"order_adjustments") > 0 and array_size(filter(j:"order_adjustments", x -> x:"amount"::varchar is not null and try_cast(x:"amount"::varchar as number(28, 9)) is null)) = 0, reduce(j:"order_adjustments", 0::number(38, 9), (total, x) -> total + coalesce(try_cast(x:"amount"::varchar as number(28, 9)), 0)), null)::number(38, 9) as adjustment_amount,
        try_cast(j:"total_duties_set"."shop_money"."amount"::varchar as number(28, 9))::number(38, 9) as refund_duties,
        transform(j:"refund_line_items", x -> object_construct('id', x:"id", 'line_item', object_construct('gift_card', x:"line_item"."gift_card"), 'line_item_id', x:"line_item_id", 'quantity', x:"quantity", 'restock_type', x:"restock_type", 'subtotal', x:"subtotal", 'total_tax', x:"total_tax")) as refund_lines,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        _airbyte_data
    from parsed
),

final as (
    select
        id,
        order_id,
        shop_url,
        created_at,
        processed_at,
        restock,
        refund_subtotal,
        refund_tax,
        refund_quantity,
        refund_amount,
        adjustment_amount,
        refund_duties,
        refund_lines,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes,
        nullif(trim(
            case when id is null and {{ payload_holds('_airbyte_data', ['id']) }} then 'uncastable:id ' when id is null then 'null:id ' else '' end
            || case when refund_subtotal is null and {{ payload_list_holds('_airbyte_data', ['refund_line_items'], 'subtotal') }} > 0 then 'uncastable:refund_subtotal ' else '' end
            || case when refund_amount is null and {{ payload_list_holds('_airbyte_data', ['transactions'], 'amount') }} > 0 then 'uncastable:refund_amount ' else '' end
        ), '') as _broken
    from typed
)

select * from final
{% endmacro %}
