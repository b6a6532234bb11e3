-- rendered from shopify, sha256 b59271ae1f815fa38024bb2bb6c341cd0619808b9be355e45eaa235132238f8f; change the declaration, then run `plumbline render`
{% if nothing_to_measure('shopify') %}
select * from {{ this }} where false
{% else %}
{%- set told_from = first_day_to_tell('shopify', 3) %}
with ledger as (
    select
        window_start,
        window_end,
        stream,
        sync_id,
        load_seq,
        "rows" as object_rows
    from {{ source('plumbline', 'load_ledger') }}
    where source = 'shopify'
),

pending as (
    {{ windows_to_measure('shopify') }}
),

batches as (
    select
        ledger.stream,
        pending.window_start,
        pending.window_end,
        ledger.sync_id,
        sum(ledger.object_rows) as sync_rows
    from ledger
    inner join pending on ledger.window_start = pending.window_start and ledger.window_end = pending.window_end
    group by ledger.stream, pending.window_start, pending.window_end, ledger.sync_id
    qualify row_number() over (
        partition by ledger.stream, pending.window_start, pending.window_end
        order by max(ledger.load_seq) desc, ledger.sync_id desc
    ) = 1
),

orders_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('shopify', 'orders') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'orders'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

orders_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('shopify', 'orders') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'orders'
    group by batches.window_start, batches.window_end
),

orders_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from orders_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

orders_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.id as varchar)) as "distinct_keys",
        sum(case when typed.id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.name) as "nulls:name",
        count(*) - count(typed.order_number) as "nulls:order_number",
        count(*) - count(typed.shop_url) as "nulls:shop_url",
        count(*) - count(typed.created_at) as "nulls:created_at",
        count(*) - count(typed.processed_at) as "nulls:processed_at",
        count(*) - count(typed.updated_at) as "nulls:updated_at",
        count(*) - count(typed.cancelled_at) as "nulls:cancelled_at",
        count(*) - count(typed.closed_at) as "nulls:closed_at",
        count(*) - count(typed.deleted_at) as "nulls:deleted_at",
        count(*) - count(typed.cancel_reason) as "nulls:cancel_reason",
        count(*) - count(typed.test) as "nulls:test",
        count(*) - count(typed.financial_status) as "nulls:financial_status",
        count(*) - count(typed.fulfillment_status) as "nulls:fulfillment_status",
        count(*) - count(typed.source_name) as "nulls:source_name",
        count(*) - count(typed.tags) as "nulls:tags",
        count(*) - count(typed.payment_gateway_names) as "nulls:payment_gateway_names",
        count(*) - count(typed.currency) as "nulls:currency",
        count(*) - count(typed.presentment_currency) as "nulls:presentment_currency",
        count(*) - count(typed.taxes_included) as "nulls:taxes_included",
        count(*) - count(typed.total_line_items_price) as "nulls:total_line_items_price",
        count(*) - count(typed.total_discounts) as "nulls:total_discounts",
        count(*) - count(typed.subtotal_price) as "nulls:subtotal_price",
        count(*) - count(typed.total_shipping_price) as "nulls:total_shipping_price",
        count(*) - count(typed.total_tax) as "nulls:total_tax",
        count(*) - count(typed.total_price) as "nulls:total_price",
        count(*) - count(typed.current_subtotal_price) as "nulls:current_subtotal_price",
        count(*) - count(typed.current_total_price) as "nulls:current_total_price",
        count(*) - count(typed.current_total_tax) as "nulls:current_total_tax",
        count(*) - count(typed.total_outstanding) as "nulls:total_outstanding",
        count(*) - count(typed.total_tip_received) as "nulls:total_tip_received",
        count(*) - count(typed.total_duties) as "nulls:total_duties",
        count(*) - count(typed.additional_fees) as "nulls:additional_fees",
        count(*) - count(typed.cash_rounding) as "nulls:cash_rounding",
        count(*) - count(typed.presentment_subtotal) as "nulls:presentment_subtotal",
        count(*) - count(typed.presentment_discounts) as "nulls:presentment_discounts",
        count(*) - count(typed.presentment_shipping) as "nulls:presentment_shipping",
        count(*) - count(typed.presentment_tax) as "nulls:presentment_tax",
        count(*) - count(typed.presentment_total) as "nulls:presentment_total",
        count(*) - count(typed.added_price) as "nulls:added_price",
        count(*) - count(typed.item_quantity) as "nulls:item_quantity",
        count(*) - count(typed.customer_id) as "nulls:customer_id",
        count(*) - count(typed.email_token) as "nulls:email",
        count(*) - count(typed.phone_token) as "nulls:phone",
        count(*) - count(typed.landing_site_path) as "nulls:landing_site",
        count(*) - count(typed.referring_site_path) as "nulls:referring_site"
    from {{ ref('stg_shopify__orders') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'orders'
    group by batches.window_start, batches.window_end
),

orders_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.id is null and {{ payload_holds('delivered._airbyte_data', ['id']) }} then 1 else 0 end) as "uncastable:id",
        sum(case when typed.order_number is null and {{ payload_holds('delivered._airbyte_data', ['order_number']) }} then 1 else 0 end) as "uncastable:order_number",
        sum(case when typed.created_at is null and {{ payload_holds('delivered._airbyte_data', ['created_at']) }} then 1 else 0 end) as "uncastable:created_at",
        sum(case when typed.processed_at is null and {{ payload_holds('delivered._airbyte_data', ['processed_at']) }} then 1 else 0 end) as "uncastable:processed_at",
        sum(case when typed.updated_at is null and {{ payload_holds('delivered._airbyte_data', ['updated_at']) }} then 1 else 0 end) as "uncastable:updated_at",
        sum(case when typed.cancelled_at is null and {{ payload_holds('delivered._airbyte_data', ['cancelled_at']) }} then 1 else 0 end) as "uncastable:cancelled_at",
        sum(case when typed.closed_at is null and {{ payload_holds('delivered._airbyte_data', ['closed_at']) }} then 1 else 0 end) as "uncastable:closed_at",
        sum(case when typed.deleted_at is null and {{ payload_holds('delivered._airbyte_data', ['deleted_at']) }} then 1 else 0 end) as "uncastable:deleted_at",
        sum(case when typed.test is null and {{ payload_holds('delivered._airbyte_data', ['test']) }} then 1 else 0 end) as "uncastable:test",
        sum(case when typed.taxes_included is null and {{ payload_holds('delivered._airbyte_data', ['taxes_included']) }} then 1 else 0 end) as "uncastable:taxes_included",
        sum(case when typed.total_line_items_price is null and {{ payload_holds('delivered._airbyte_data', ['total_line_items_price']) }} then 1 else 0 end) as "uncastable:total_line_items_price",
        sum(case when typed.total_discounts is null and {{ payload_holds('delivered._airbyte_data', ['total_discounts']) }} then 1 else 0 end) as "uncastable:total_discounts",
        sum(case when typed.subtotal_price is null and {{ payload_holds('delivered._airbyte_data', ['subtotal_price']) }} then 1 else 0 end) as "uncastable:subtotal_price",
        sum(case when typed.total_shipping_price is null and {{ payload_holds('delivered._airbyte_data', ['total_shipping_price_set', 'shop_money', 'amount']) }} then 1 else 0 end) as "uncastable:total_shipping_price",
        sum(case when typed.total_tax is null and {{ payload_holds('delivered._airbyte_data', ['total_tax']) }} then 1 else 0 end) as "uncastable:total_tax",
        sum(case when typed.total_price is null and {{ payload_holds('delivered._airbyte_data', ['total_price']) }} then 1 else 0 end) as "uncastable:total_price",
        sum(case when typed.current_subtotal_price is null and {{ payload_holds('delivered._airbyte_data', ['current_subtotal_price']) }} then 1 else 0 end) as "uncastable:current_subtotal_price",
        sum(case when typed.current_total_price is null and {{ payload_holds('delivered._airbyte_data', ['current_total_price']) }} then 1 else 0 end) as "uncastable:current_total_price",
        sum(case when typed.current_total_tax is null and {{ payload_holds('delivered._airbyte_data', ['current_total_tax']) }} then 1 else 0 end) as "uncastable:current_total_tax",
        sum(case when typed.total_outstanding is null and {{ payload_holds('delivered._airbyte_data', ['total_outstanding']) }} then 1 else 0 end) as "uncastable:total_outstanding",
        sum(case when typed.total_tip_received is null and {{ payload_holds('delivered._airbyte_data', ['total_tip_received']) }} then 1 else 0 end) as "uncastable:total_tip_received",
        sum(case when typed.total_duties is null and {{ payload_holds('delivered._airbyte_data', ['original_total_duties_set', 'shop_money', 'amount']) }} then 1 else 0 end) as "uncastable:total_duties",
        sum(case when typed.additional_fees is null and {{ payload_holds('delivered._airbyte_data', ['original_total_additional_fees_set', 'shop_money', 'amount']) }} then 1 else 0 end) as "uncastable:additional_fees",
        sum(case when typed.cash_rounding is null and {{ payload_holds('delivered._airbyte_data', ['total_cash_rounding_payment_adjustment_set', 'shop_money', 'amount']) }} then 1 else 0 end) as "uncastable:cash_rounding",
        sum(case when typed.presentment_subtotal is null and {{ payload_holds('delivered._airbyte_data', ['subtotal_price_set', 'presentment_money', 'amount']) }} then 1 else 0 end) as "uncastable:presentment_subtotal",
        sum(case when typed.presentment_discounts is null and {{ payload_holds('delivered._airbyte_data', ['total_discounts_set', 'presentment_money', 'amount']) }} then 1 else 0 end) as "uncastable:presentment_discounts",
        sum(case when typed.presentment_shipping is null and {{ payload_holds('delivered._airbyte_data', ['total_shipping_price_set', 'presentment_money', 'amount']) }} then 1 else 0 end) as "uncastable:presentment_shipping",
        sum(case when typed.presentment_tax is null and {{ payload_holds('delivered._airbyte_data', ['total_tax_set', 'presentment_money', 'amount']) }} then 1 else 0 end) as "uncastable:presentment_tax",
        sum(case when typed.presentment_total is null and {{ payload_holds('delivered._airbyte_data', ['total_price_set', 'presentment_money', 'amount']) }} then 1 else 0 end) as "uncastable:presentment_total",
        sum(case when typed.added_price is null and {{ payload_list_holds('delivered._airbyte_data', ['line_items'], 'price') }} > 0 then 1 else 0 end) as "uncastable:added_price",
        sum(case when typed.item_quantity is null and {{ payload_list_holds('delivered._airbyte_data', ['line_items'], 'quantity') }} > 0 then 1 else 0 end) as "uncastable:item_quantity",
        sum(case when typed.customer_id is null and {{ payload_holds('delivered._airbyte_data', ['customer', 'id']) }} then 1 else 0 end) as "uncastable:customer_id"
    from {{ ref('typed_shopify__orders') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'orders'
    inner join {{ source('shopify', 'orders') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.id is null
        or typed.order_number is null
        or typed.created_at is null
        or typed.processed_at is null
        or typed.updated_at is null
        or typed.cancelled_at is null
        or typed.closed_at is null
        or typed.deleted_at is null
        or typed.test is null
        or typed.taxes_included is null
        or typed.total_line_items_price is null
        or typed.total_discounts is null
        or typed.subtotal_price is null
        or typed.total_shipping_price is null
        or typed.total_tax is null
        or typed.total_price is null
        or typed.current_subtotal_price is null
        or typed.current_total_price is null
        or typed.current_total_tax is null
        or typed.total_outstanding is null
        or typed.total_tip_received is null
        or typed.total_duties is null
        or typed.additional_fees is null
        or typed.cash_rounding is null
        or typed.presentment_subtotal is null
        or typed.presentment_discounts is null
        or typed.presentment_shipping is null
        or typed.presentment_tax is null
        or typed.presentment_total is null
        or typed.added_price is null
        or typed.item_quantity is null
        or typed.customer_id is null
    group by batches.window_start, batches.window_end
),

orders_held as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when contains(' ' || typed._broken || ' ', ' uncastable:id ') then 1 else 0 end) as "quarantined:id uncastable",
        sum(case when contains(' ' || typed._broken || ' ', ' null:id ') then 1 else 0 end) as "quarantined:id null",
        sum(case when contains(' ' || typed._broken || ' ', ' uncastable:subtotal_price ') then 1 else 0 end) as "quarantined:subtotal_price uncastable",
        sum(case when contains(' ' || typed._broken || ' ', ' uncastable:total_price ') then 1 else 0 end) as "quarantined:total_price uncastable"
    from {{ ref('typed_shopify__orders') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'orders'
    group by batches.window_start, batches.window_end
),

orders_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:id" as decimal(38, 6)) as "nulls:id",
        cast(counted."nulls:name" as decimal(38, 6)) as "nulls:name",
        cast(counted."nulls:order_number" as decimal(38, 6)) as "nulls:order_number",
        cast(counted."nulls:shop_url" as decimal(38, 6)) as "nulls:shop_url",
        cast(counted."nulls:created_at" as decimal(38, 6)) as "nulls:created_at",
        cast(counted."nulls:processed_at" as decimal(38, 6)) as "nulls:processed_at",
        cast(counted."nulls:updated_at" as decimal(38, 6)) as "nulls:updated_at",
        cast(counted."nulls:cancelled_at" as decimal(38, 6)) as "nulls:cancelled_at",
        cast(counted."nulls:closed_at" as decimal(38, 6)) as "nulls:closed_at",
        cast(counted."nulls:deleted_at" as decimal(38, 6)) as "nulls:deleted_at",
        cast(counted."nulls:cancel_reason" as decimal(38, 6)) as "nulls:cancel_reason",
        cast(counted."nulls:test" as decimal(38, 6)) as "nulls:test",
        cast(counted."nulls:financial_status" as decimal(38, 6)) as "nulls:financial_status",
        cast(counted."nulls:fulfillment_status" as decimal(38, 6)) as "nulls:fulfillment_status",
        cast(counted."nulls:source_name" as decimal(38, 6)) as "nulls:source_name",
        cast(counted."nulls:tags" as decimal(38, 6)) as "nulls:tags",
        cast(counted."nulls:payment_gateway_names" as decimal(38, 6)) as "nulls:payment_gateway_names",
        cast(counted."nulls:currency" as decimal(38, 6)) as "nulls:currency",
        cast(counted."nulls:presentment_currency" as decimal(38, 6)) as "nulls:presentment_currency",
        cast(counted."nulls:taxes_included" as decimal(38, 6)) as "nulls:taxes_included",
        cast(counted."nulls:total_line_items_price" as decimal(38, 6)) as "nulls:total_line_items_price",
        cast(counted."nulls:total_discounts" as decimal(38, 6)) as "nulls:total_discounts",
        cast(counted."nulls:subtotal_price" as decimal(38, 6)) as "nulls:subtotal_price",
        cast(counted."nulls:total_shipping_price" as decimal(38, 6)) as "nulls:total_shipping_price",
        cast(counted."nulls:total_tax" as decimal(38, 6)) as "nulls:total_tax",
        cast(counted."nulls:total_price" as decimal(38, 6)) as "nulls:total_price",
        cast(counted."nulls:current_subtotal_price" as decimal(38, 6)) as "nulls:current_subtotal_price",
        cast(counted."nulls:current_total_price" as decimal(38, 6)) as "nulls:current_total_price",
        cast(counted."nulls:current_total_tax" as decimal(38, 6)) as "nulls:current_total_tax",
        cast(counted."nulls:total_outstanding" as decimal(38, 6)) as "nulls:total_outstanding",
        cast(counted."nulls:total_tip_received" as decimal(38, 6)) as "nulls:total_tip_received",
        cast(counted."nulls:total_duties" as decimal(38, 6)) as "nulls:total_duties",
        cast(counted."nulls:additional_fees" as decimal(38, 6)) as "nulls:additional_fees",
        cast(counted."nulls:cash_rounding" as decimal(38, 6)) as "nulls:cash_rounding",
        cast(counted."nulls:presentment_subtotal" as decimal(38, 6)) as "nulls:presentment_subtotal",
        cast(counted."nulls:presentment_discounts" as decimal(38, 6)) as "nulls:presentment_discounts",
        cast(counted."nulls:presentment_shipping" as decimal(38, 6)) as "nulls:presentment_shipping",
        cast(counted."nulls:presentment_tax" as decimal(38, 6)) as "nulls:presentment_tax",
        cast(counted."nulls:presentment_total" as decimal(38, 6)) as "nulls:presentment_total",
        cast(counted."nulls:added_price" as decimal(38, 6)) as "nulls:added_price",
        cast(counted."nulls:item_quantity" as decimal(38, 6)) as "nulls:item_quantity",
        cast(counted."nulls:customer_id" as decimal(38, 6)) as "nulls:customer_id",
        cast(counted."nulls:email" as decimal(38, 6)) as "nulls:email",
        cast(counted."nulls:phone" as decimal(38, 6)) as "nulls:phone",
        cast(counted."nulls:landing_site" as decimal(38, 6)) as "nulls:landing_site",
        cast(counted."nulls:referring_site" as decimal(38, 6)) as "nulls:referring_site",
        cast(uncastable."uncastable:id" as decimal(38, 6)) as "uncastable:id",
        cast(uncastable."uncastable:order_number" as decimal(38, 6)) as "uncastable:order_number",
        cast(uncastable."uncastable:created_at" as decimal(38, 6)) as "uncastable:created_at",
        cast(uncastable."uncastable:processed_at" as decimal(38, 6)) as "uncastable:processed_at",
        cast(uncastable."uncastable:updated_at" as decimal(38, 6)) as "uncastable:updated_at",
        cast(uncastable."uncastable:cancelled_at" as decimal(38, 6)) as "uncastable:cancelled_at",
        cast(uncastable."uncastable:closed_at" as decimal(38, 6)) as "uncastable:closed_at",
        cast(uncastable."uncastable:deleted_at" as decimal(38, 6)) as "uncastable:deleted_at",
        cast(uncastable."uncastable:test" as decimal(38, 6)) as "uncastable:test",
        cast(uncastable."uncastable:taxes_included" as decimal(38, 6)) as "uncastable:taxes_included",
        cast(uncastable."uncastable:total_line_items_price" as decimal(38, 6)) as "uncastable:total_line_items_price",
        cast(uncastable."uncastable:total_discounts" as decimal(38, 6)) as "uncastable:total_discounts",
        cast(uncastable."uncastable:subtotal_price" as decimal(38, 6)) as "uncastable:subtotal_price",
        cast(uncastable."uncastable:total_shipping_price" as decimal(38, 6)) as "uncastable:total_shipping_price",
        cast(uncastable."uncastable:total_tax" as decimal(38, 6)) as "uncastable:total_tax",
        cast(uncastable."uncastable:total_price" as decimal(38, 6)) as "uncastable:total_price",
        cast(uncastable."uncastable:current_subtotal_price" as decimal(38, 6)) as "uncastable:current_subtotal_price",
        cast(uncastable."uncastable:current_total_price" as decimal(38, 6)) as "uncastable:current_total_price",
        cast(uncastable."uncastable:current_total_tax" as decimal(38, 6)) as "uncastable:current_total_tax",
        cast(uncastable."uncastable:total_outstanding" as decimal(38, 6)) as "uncastable:total_outstanding",
        cast(uncastable."uncastable:total_tip_received" as decimal(38, 6)) as "uncastable:total_tip_received",
        cast(uncastable."uncastable:total_duties" as decimal(38, 6)) as "uncastable:total_duties",
        cast(uncastable."uncastable:additional_fees" as decimal(38, 6)) as "uncastable:additional_fees",
        cast(uncastable."uncastable:cash_rounding" as decimal(38, 6)) as "uncastable:cash_rounding",
        cast(uncastable."uncastable:presentment_subtotal" as decimal(38, 6)) as "uncastable:presentment_subtotal",
        cast(uncastable."uncastable:presentment_discounts" as decimal(38, 6)) as "uncastable:presentment_discounts",
        cast(uncastable."uncastable:presentment_shipping" as decimal(38, 6)) as "uncastable:presentment_shipping",
        cast(uncastable."uncastable:presentment_tax" as decimal(38, 6)) as "uncastable:presentment_tax",
        cast(uncastable."uncastable:presentment_total" as decimal(38, 6)) as "uncastable:presentment_total",
        cast(uncastable."uncastable:added_price" as decimal(38, 6)) as "uncastable:added_price",
        cast(uncastable."uncastable:item_quantity" as decimal(38, 6)) as "uncastable:item_quantity",
        cast(uncastable."uncastable:customer_id" as decimal(38, 6)) as "uncastable:customer_id",
        cast(held."quarantined:id uncastable" as decimal(38, 6)) as "quarantined:id uncastable",
        cast(held."quarantined:id null" as decimal(38, 6)) as "quarantined:id null",
        cast(held."quarantined:subtotal_price uncastable" as decimal(38, 6)) as "quarantined:subtotal_price uncastable",
        cast(held."quarantined:total_price uncastable" as decimal(38, 6)) as "quarantined:total_price uncastable"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'orders'
    left join orders_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join orders_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join orders_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join orders_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
    left join orders_held as held
        on pending.window_start = held.window_start and pending.window_end = held.window_end
),

orders_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from orders_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:name",
        "nulls:order_number",
        "nulls:shop_url",
        "nulls:created_at",
        "nulls:processed_at",
        "nulls:updated_at",
        "nulls:cancelled_at",
        "nulls:closed_at",
        "nulls:deleted_at",
        "nulls:cancel_reason",
        "nulls:test",
        "nulls:financial_status",
        "nulls:fulfillment_status",
        "nulls:source_name",
        "nulls:tags",
        "nulls:payment_gateway_names",
        "nulls:currency",
        "nulls:presentment_currency",
        "nulls:taxes_included",
        "nulls:total_line_items_price",
        "nulls:total_discounts",
        "nulls:subtotal_price",
        "nulls:total_shipping_price",
        "nulls:total_tax",
        "nulls:total_price",
        "nulls:current_subtotal_price",
        "nulls:current_total_price",
        "nulls:current_total_tax",
        "nulls:total_outstanding",
        "nulls:total_tip_received",
        "nulls:total_duties",
        "nulls:additional_fees",
        "nulls:cash_rounding",
        "nulls:presentment_subtotal",
        "nulls:presentment_discounts",
        "nulls:presentment_shipping",
        "nulls:presentment_tax",
        "nulls:presentment_total",
        "nulls:added_price",
        "nulls:item_quantity",
        "nulls:customer_id",
        "nulls:email",
        "nulls:phone",
        "nulls:landing_site",
        "nulls:referring_site",
        "uncastable:id",
        "uncastable:order_number",
        "uncastable:created_at",
        "uncastable:processed_at",
        "uncastable:updated_at",
        "uncastable:cancelled_at",
        "uncastable:closed_at",
        "uncastable:deleted_at",
        "uncastable:test",
        "uncastable:taxes_included",
        "uncastable:total_line_items_price",
        "uncastable:total_discounts",
        "uncastable:subtotal_price",
        "uncastable:total_shipping_price",
        "uncastable:total_tax",
        "uncastable:total_price",
        "uncastable:current_subtotal_price",
        "uncastable:current_total_price",
        "uncastable:current_total_tax",
        "uncastable:total_outstanding",
        "uncastable:total_tip_received",
        "uncastable:total_duties",
        "uncastable:additional_fees",
        "uncastable:cash_rounding",
        "uncastable:presentment_subtotal",
        "uncastable:presentment_discounts",
        "uncastable:presentment_shipping",
        "uncastable:presentment_tax",
        "uncastable:presentment_total",
        "uncastable:added_price",
        "uncastable:item_quantity",
        "uncastable:customer_id",
        "quarantined:id uncastable",
        "quarantined:id null",
        "quarantined:subtotal_price uncastable",
        "quarantined:total_price uncastable"
    ))
),

orders_keys as (
    {{ key_counts('orders_raw') }}
),

orders_declared as (
    select key_name from (values ('id'), ('name'), ('order_number'), ('shop_url'), ('created_at'), ('processed_at'), ('updated_at'), ('cancelled_at'), ('closed_at'), ('deleted_at'), ('cancel_reason'), ('test'), ('financial_status'), ('fulfillment_status'), ('source_name'), ('tags'), ('payment_gateway_names'), ('currency'), ('presentment_currency'), ('taxes_included'), ('total_line_items_price'), ('total_discounts'), ('subtotal_price'), ('total_shipping_price_set'), ('total_tax'), ('total_price'), ('current_subtotal_price'), ('current_total_price'), ('current_total_tax'), ('total_outstanding'), ('total_tip_received'), ('original_total_duties_set'), ('original_total_additional_fees_set'), ('total_cash_rounding_payment_adjustment_set'), ('subtotal_price_set'), ('total_discounts_set'), ('total_tax_set'), ('total_price_set'), ('line_items'), ('customer'), ('email'), ('phone'), ('contact_email'), ('browser_ip'), ('billing_address'), ('shipping_address'), ('note'), ('landing_site'), ('referring_site'), ('shipping_lines')) as declared (key_name)
),

orders_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join orders_declared as declared
    left join orders_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from orders_keys
    where payload_key not in (select key_name from orders_declared)
),

orders_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('shopify', 'orders') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'orders'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

orders_nulled as (
    {{ nulled_counts('orders_changes') }}
),

orders_measured as (
    select window_start, window_end, 'orders' as model, sync_id, metric, field, value
    from orders_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'orders' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from orders_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from orders_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'orders'
),

order_refunds_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('shopify', 'order_refunds') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'order_refunds'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

order_refunds_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('shopify', 'order_refunds') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'order_refunds'
    group by batches.window_start, batches.window_end
),

order_refunds_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from order_refunds_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

order_refunds_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.id as varchar)) as "distinct_keys",
        sum(case when typed.id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.order_id) as "nulls:order_id",
        count(*) - count(typed.shop_url) as "nulls:shop_url",
        count(*) - count(typed.created_at) as "nulls:created_at",
        count(*) - count(typed.processed_at) as "nulls:processed_at",
        count(*) - count(typed.restock) as "nulls:restock",
        count(*) - count(typed.refund_subtotal) as "nulls:refund_subtotal",
        count(*) - count(typed.refund_tax) as "nulls:refund_tax",
        count(*) - count(typed.refund_quantity) as "nulls:refund_quantity",
        count(*) - count(typed.refund_amount) as "nulls:refund_amount",
        count(*) - count(typed.adjustment_amount) as "nulls:adjustment_amount",
        count(*) - count(typed.refund_duties) as "nulls:refund_duties"
    from {{ ref('stg_shopify__order_refunds') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'order_refunds'
    group by batches.window_start, batches.window_end
),

order_refunds_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.id is null and {{ payload_holds('delivered._airbyte_data', ['id']) }} then 1 else 0 end) as "uncastable:id",
        sum(case when typed.order_id is null and {{ payload_holds('delivered._airbyte_data', ['order_id']) }} then 1 else 0 end) as "uncastable:order_id",
        sum(case when typed.created_at is null and {{ payload_holds('delivered._airbyte_data', ['created_at']) }} then 1 else 0 end) as "uncastable:created_at",
        sum(case when typed.processed_at is null and {{ payload_holds('delivered._airbyte_data', ['processed_at']) }} then 1 else 0 end) as "uncastable:processed_at",
        sum(case when typed.restock is null and {{ payload_holds('delivered._airbyte_data', ['restock']) }} then 1 else 0 end) as "uncastable:restock",
        sum(case when typed.refund_subtotal is null and {{ payload_list_holds('delivered._airbyte_data', ['refund_line_items'], 'subtotal') }} > 0 then 1 else 0 end) as "uncastable:refund_subtotal",
        sum(case when typed.refund_tax is null and {{ payload_list_holds('delivered._airbyte_data', ['refund_line_items'], 'total_tax') }} > 0 then 1 else 0 end) as "uncastable:refund_tax",
        sum(case when typed.refund_quantity is null and {{ payload_list_holds('delivered._airbyte_data', ['refund_line_items'], 'quantity') }} > 0 then 1 else 0 end) as "uncastable:refund_quantity",
        sum(case when typed.refund_amount is null and {{ payload_list_holds('delivered._airbyte_data', ['transactions'], 'amount') }} > 0 then 1 else 0 end) as "uncastable:refund_amount",
        sum(case when typed.adjustment_amount is null and {{ payload_list_holds('delivered._airbyte_data', ['order_adjustments'], 'amount') }} > 0 then 1 else 0 end) as "uncastable:adjustment_amount",
        sum(case when typed.refund_duties is null and {{ payload_holds('delivered._airbyte_data', ['total_duties_set', 'shop_money', 'amount']) }} then 1 else 0 end) as "uncastable:refund_duties"
    from {{ ref('typed_shopify__order_refunds') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'order_refunds'
    inner join {{ source('shopify', 'order_refunds') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.id is null
        or typed.order_id is null
        or typed.created_at is null
        or typed.processed_at is null
        or typed.restock is null
        or typed.refund_subtotal is null
        or typed.refund_tax is null
        or typed.refund_quantity is null
        or typed.refund_amount is null
        or typed.adjustment_amount is null
        or typed.refund_duties is null
    group by batches.window_start, batches.window_end
),

order_refunds_held as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when contains(' ' || typed._broken || ' ', ' uncastable:id ') then 1 else 0 end) as "quarantined:id uncastable",
        sum(case when contains(' ' || typed._broken || ' ', ' null:id ') then 1 else 0 end) as "quarantined:id null",
        sum(case when contains(' ' || typed._broken || ' ', ' uncastable:refund_subtotal ') then 1 else 0 end) as "quarantined:refund_subtotal uncastable",
        sum(case when contains(' ' || typed._broken || ' ', ' uncastable:refund_amount ') then 1 else 0 end) as "quarantined:refund_amount uncastable"
    from {{ ref('typed_shopify__order_refunds') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'order_refunds'
    group by batches.window_start, batches.window_end
),

order_refunds_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:id" as decimal(38, 6)) as "nulls:id",
        cast(counted."nulls:order_id" as decimal(38, 6)) as "nulls:order_id",
        cast(counted."nulls:shop_url" as decimal(38, 6)) as "nulls:shop_url",
        cast(counted."nulls:created_at" as decimal(38, 6)) as "nulls:created_at",
        cast(counted."nulls:processed_at" as decimal(38, 6)) as "nulls:processed_at",
        cast(counted."nulls:restock" as decimal(38, 6)) as "nulls:restock",
        cast(counted."nulls:refund_subtotal" as decimal(38, 6)) as "nulls:refund_subtotal",
        cast(counted."nulls:refund_tax" as decimal(38, 6)) as "nulls:refund_tax",
        cast(counted."nulls:refund_quantity" as decimal(38, 6)) as "nulls:refund_quantity",
        cast(counted."nulls:refund_amount" as decimal(38, 6)) as "nulls:refund_amount",
        cast(counted."nulls:adjustment_amount" as decimal(38, 6)) as "nulls:adjustment_amount",
        cast(counted."nulls:refund_duties" as decimal(38, 6)) as "nulls:refund_duties",
        cast(uncastable."uncastable:id" as decimal(38, 6)) as "uncastable:id",
        cast(uncastable."uncastable:order_id" as decimal(38, 6)) as "uncastable:order_id",
        cast(uncastable."uncastable:created_at" as decimal(38, 6)) as "uncastable:created_at",
        cast(uncastable."uncastable:processed_at" as decimal(38, 6)) as "uncastable:processed_at",
        cast(uncastable."uncastable:restock" as decimal(38, 6)) as "uncastable:restock",
        cast(uncastable."uncastable:refund_subtotal" as decimal(38, 6)) as "uncastable:refund_subtotal",
        cast(uncastable."uncastable:refund_tax" as decimal(38, 6)) as "uncastable:refund_tax",
        cast(uncastable."uncastable:refund_quantity" as decimal(38, 6)) as "uncastable:refund_quantity",
        cast(uncastable."uncastable:refund_amount" as decimal(38, 6)) as "uncastable:refund_amount",
        cast(uncastable."uncastable:adjustment_amount" as decimal(38, 6)) as "uncastable:adjustment_amount",
        cast(uncastable."uncastable:refund_duties" as decimal(38, 6)) as "uncastable:refund_duties",
        cast(held."quarantined:id uncastable" as decimal(38, 6)) as "quarantined:id uncastable",
        cast(held."quarantined:id null" as decimal(38, 6)) as "quarantined:id null",
        cast(held."quarantined:refund_subtotal uncastable" as decimal(38, 6)) as "quarantined:refund_subtotal uncastable",
        cast(held."quarantined:refund_amount uncastable" as decimal(38, 6)) as "quarantined:refund_amount uncastable"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'order_refunds'
    left join order_refunds_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join order_refunds_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join order_refunds_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join order_refunds_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
    left join order_refunds_held as held
        on pending.window_start = held.window_start and pending.window_end = held.window_end
),

order_refunds_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from order_refunds_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:order_id",
        "nulls:shop_url",
        "nulls:created_at",
        "nulls:processed_at",
        "nulls:restock",
        "nulls:refund_subtotal",
        "nulls:refund_tax",
        "nulls:refund_quantity",
        "nulls:refund_amount",
        "nulls:adjustment_amount",
        "nulls:refund_duties",
        "uncastable:id",
        "uncastable:order_id",
        "uncastable:created_at",
        "uncastable:processed_at",
        "uncastable:restock",
        "uncastable:refund_subtotal",
        "uncastable:refund_tax",
        "uncastable:refund_quantity",
        "uncastable:refund_amount",
        "uncastable:adjustment_amount",
        "uncastable:refund_duties",
        "quarantined:id uncastable",
        "quarantined:id null",
        "quarantined:refund_subtotal uncastable",
        "quarantined:refund_amount uncastable"
    ))
),

order_refunds_keys as (
    {{ key_counts('order_refunds_raw') }}
),

order_refunds_declared as (
    select key_name from (values ('id'), ('order_id'), ('shop_url'), ('created_at'), ('processed_at'), ('restock'), ('note'), ('refund_line_items'), ('transactions'), ('order_adjustments'), ('total_duties_set')) as declared (key_name)
),

order_refunds_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join order_refunds_declared as declared
    left join order_refunds_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from order_refunds_keys
    where payload_key not in (select key_name from order_refunds_declared)
),

order_refunds_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('shopify', 'order_refunds') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'order_refunds'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

order_refunds_nulled as (
    {{ nulled_counts('order_refunds_changes') }}
),

order_refunds_measured as (
    select window_start, window_end, 'order_refunds' as model, sync_id, metric, field, value
    from order_refunds_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'order_refunds' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from order_refunds_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from order_refunds_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'order_refunds'
),

customers_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('shopify', 'customers') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'customers'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

customers_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('shopify', 'customers') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'customers'
    group by batches.window_start, batches.window_end
),

customers_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from customers_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

customers_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.id as varchar)) as "distinct_keys",
        sum(case when typed.id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.shop_url) as "nulls:shop_url",
        count(*) - count(typed.created_at) as "nulls:created_at",
        count(*) - count(typed.updated_at) as "nulls:updated_at",
        count(*) - count(typed.email_token) as "nulls:email",
        count(*) - count(typed.phone_token) as "nulls:phone",
        count(*) - count(typed.state) as "nulls:state",
        count(*) - count(typed.currency) as "nulls:currency",
        count(*) - count(typed.orders_count) as "nulls:orders_count",
        count(*) - count(typed.total_spent) as "nulls:total_spent",
        count(*) - count(typed.last_order_id) as "nulls:last_order_id",
        count(*) - count(typed.verified_email) as "nulls:verified_email",
        count(*) - count(typed.tax_exempt) as "nulls:tax_exempt"
    from {{ ref('stg_shopify__customers') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'customers'
    group by batches.window_start, batches.window_end
),

customers_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.id is null and {{ payload_holds('delivered._airbyte_data', ['id']) }} then 1 else 0 end) as "uncastable:id",
        sum(case when typed.created_at is null and {{ payload_holds('delivered._airbyte_data', ['created_at']) }} then 1 else 0 end) as "uncastable:created_at",
        sum(case when typed.updated_at is null and {{ payload_holds('delivered._airbyte_data', ['updated_at']) }} then 1 else 0 end) as "uncastable:updated_at",
        sum(case when typed.orders_count is null and {{ payload_holds('delivered._airbyte_data', ['orders_count']) }} then 1 else 0 end) as "uncastable:orders_count",
        sum(case when typed.total_spent is null and {{ payload_holds('delivered._airbyte_data', ['total_spent']) }} then 1 else 0 end) as "uncastable:total_spent",
        sum(case when typed.last_order_id is null and {{ payload_holds('delivered._airbyte_data', ['last_order_id']) }} then 1 else 0 end) as "uncastable:last_order_id",
        sum(case when typed.verified_email is null and {{ payload_holds('delivered._airbyte_data', ['verified_email']) }} then 1 else 0 end) as "uncastable:verified_email",
        sum(case when typed.tax_exempt is null and {{ payload_holds('delivered._airbyte_data', ['tax_exempt']) }} then 1 else 0 end) as "uncastable:tax_exempt"
    from {{ ref('stg_shopify__customers') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'customers'
    inner join {{ source('shopify', 'customers') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.id is null
        or typed.created_at is null
        or typed.updated_at is null
        or typed.orders_count is null
        or typed.total_spent is null
        or typed.last_order_id is null
        or typed.verified_email is null
        or typed.tax_exempt is null
    group by batches.window_start, batches.window_end
),

customers_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:id" as decimal(38, 6)) as "nulls:id",
        cast(counted."nulls:shop_url" as decimal(38, 6)) as "nulls:shop_url",
        cast(counted."nulls:created_at" as decimal(38, 6)) as "nulls:created_at",
        cast(counted."nulls:updated_at" as decimal(38, 6)) as "nulls:updated_at",
        cast(counted."nulls:email" as decimal(38, 6)) as "nulls:email",
        cast(counted."nulls:phone" as decimal(38, 6)) as "nulls:phone",
        cast(counted."nulls:state" as decimal(38, 6)) as "nulls:state",
        cast(counted."nulls:currency" as decimal(38, 6)) as "nulls:currency",
        cast(counted."nulls:orders_count" as decimal(38, 6)) as "nulls:orders_count",
        cast(counted."nulls:total_spent" as decimal(38, 6)) as "nulls:total_spent",
        cast(counted."nulls:last_order_id" as decimal(38, 6)) as "nulls:last_order_id",
        cast(counted."nulls:verified_email" as decimal(38, 6)) as "nulls:verified_email",
        cast(counted."nulls:tax_exempt" as decimal(38, 6)) as "nulls:tax_exempt",
        cast(uncastable."uncastable:id" as decimal(38, 6)) as "uncastable:id",
        cast(uncastable."uncastable:created_at" as decimal(38, 6)) as "uncastable:created_at",
        cast(uncastable."uncastable:updated_at" as decimal(38, 6)) as "uncastable:updated_at",
        cast(uncastable."uncastable:orders_count" as decimal(38, 6)) as "uncastable:orders_count",
        cast(uncastable."uncastable:total_spent" as decimal(38, 6)) as "uncastable:total_spent",
        cast(uncastable."uncastable:last_order_id" as decimal(38, 6)) as "uncastable:last_order_id",
        cast(uncastable."uncastable:verified_email" as decimal(38, 6)) as "uncastable:verified_email",
        cast(uncastable."uncastable:tax_exempt" as decimal(38, 6)) as "uncastable:tax_exempt"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'customers'
    left join customers_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join customers_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join customers_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join customers_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

customers_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from customers_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:shop_url",
        "nulls:created_at",
        "nulls:updated_at",
        "nulls:email",
        "nulls:phone",
        "nulls:state",
        "nulls:currency",
        "nulls:orders_count",
        "nulls:total_spent",
        "nulls:last_order_id",
        "nulls:verified_email",
        "nulls:tax_exempt",
        "uncastable:id",
        "uncastable:created_at",
        "uncastable:updated_at",
        "uncastable:orders_count",
        "uncastable:total_spent",
        "uncastable:last_order_id",
        "uncastable:verified_email",
        "uncastable:tax_exempt"
    ))
),

customers_keys as (
    {{ key_counts('customers_raw') }}
),

customers_declared as (
    select key_name from (values ('id'), ('shop_url'), ('created_at'), ('updated_at'), ('email'), ('phone'), ('first_name'), ('last_name'), ('default_address'), ('addresses'), ('note'), ('state'), ('currency'), ('orders_count'), ('total_spent'), ('last_order_id'), ('verified_email'), ('tax_exempt')) as declared (key_name)
),

customers_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join customers_declared as declared
    left join customers_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from customers_keys
    where payload_key not in (select key_name from customers_declared)
),

customers_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('shopify', 'customers') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'customers'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

customers_nulled as (
    {{ nulled_counts('customers_changes') }}
),

customers_measured as (
    select window_start, window_end, 'customers' as model, sync_id, metric, field, value
    from customers_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'customers' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from customers_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from customers_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'customers'
),

sales_by_day_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('shopify', 'sales_by_day') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'sales_by_day'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

sales_by_day_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('shopify', 'sales_by_day') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'sales_by_day'
    group by batches.window_start, batches.window_end
),

sales_by_day_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from sales_by_day_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

sales_by_day_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.shop_url as varchar) || '|' || cast(typed.day as varchar)) as "distinct_keys",
        sum(case when typed.shop_url is null or typed.day is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.shop_url) as "nulls:shop_url",
        count(*) - count(typed.day) as "nulls:day",
        count(*) - count(typed.orders) as "nulls:orders",
        count(*) - count(typed.gross_sales) as "nulls:gross_sales",
        count(*) - count(typed.discounts) as "nulls:discounts",
        count(*) - count(typed.returns) as "nulls:returns",
        count(*) - count(typed.net_sales) as "nulls:net_sales",
        count(*) - count(typed.taxes) as "nulls:taxes",
        count(*) - count(typed.shipping) as "nulls:shipping",
        count(*) - count(typed.total_sales) as "nulls:total_sales"
    from {{ ref('stg_shopify__sales_by_day') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'sales_by_day'
    group by batches.window_start, batches.window_end
),

sales_by_day_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.day is null and {{ payload_holds('delivered._airbyte_data', ['day']) }} then 1 else 0 end) as "uncastable:day",
        sum(case when typed.orders is null and {{ payload_holds('delivered._airbyte_data', ['orders']) }} then 1 else 0 end) as "uncastable:orders",
        sum(case when typed.gross_sales is null and {{ payload_holds('delivered._airbyte_data', ['gross_sales']) }} then 1 else 0 end) as "uncastable:gross_sales",
        sum(case when typed.discounts is null and {{ payload_holds('delivered._airbyte_data', ['discounts']) }} then 1 else 0 end) as "uncastable:discounts",
        sum(case when typed.returns is null and {{ payload_holds('delivered._airbyte_data', ['returns']) }} then 1 else 0 end) as "uncastable:returns",
        sum(case when typed.net_sales is null and {{ payload_holds('delivered._airbyte_data', ['net_sales']) }} then 1 else 0 end) as "uncastable:net_sales",
        sum(case when typed.taxes is null and {{ payload_holds('delivered._airbyte_data', ['taxes']) }} then 1 else 0 end) as "uncastable:taxes",
        sum(case when typed.shipping is null and {{ payload_holds('delivered._airbyte_data', ['shipping']) }} then 1 else 0 end) as "uncastable:shipping",
        sum(case when typed.total_sales is null and {{ payload_holds('delivered._airbyte_data', ['total_sales']) }} then 1 else 0 end) as "uncastable:total_sales"
    from {{ ref('stg_shopify__sales_by_day') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'sales_by_day'
    inner join {{ source('shopify', 'sales_by_day') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.day is null
        or typed.orders is null
        or typed.gross_sales is null
        or typed.discounts is null
        or typed.returns is null
        or typed.net_sales is null
        or typed.taxes is null
        or typed.shipping is null
        or typed.total_sales is null
    group by batches.window_start, batches.window_end
),

sales_by_day_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:shop_url" as decimal(38, 6)) as "nulls:shop_url",
        cast(counted."nulls:day" as decimal(38, 6)) as "nulls:day",
        cast(counted."nulls:orders" as decimal(38, 6)) as "nulls:orders",
        cast(counted."nulls:gross_sales" as decimal(38, 6)) as "nulls:gross_sales",
        cast(counted."nulls:discounts" as decimal(38, 6)) as "nulls:discounts",
        cast(counted."nulls:returns" as decimal(38, 6)) as "nulls:returns",
        cast(counted."nulls:net_sales" as decimal(38, 6)) as "nulls:net_sales",
        cast(counted."nulls:taxes" as decimal(38, 6)) as "nulls:taxes",
        cast(counted."nulls:shipping" as decimal(38, 6)) as "nulls:shipping",
        cast(counted."nulls:total_sales" as decimal(38, 6)) as "nulls:total_sales",
        cast(uncastable."uncastable:day" as decimal(38, 6)) as "uncastable:day",
        cast(uncastable."uncastable:orders" as decimal(38, 6)) as "uncastable:orders",
        cast(uncastable."uncastable:gross_sales" as decimal(38, 6)) as "uncastable:gross_sales",
        cast(uncastable."uncastable:discounts" as decimal(38, 6)) as "uncastable:discounts",
        cast(uncastable."uncastable:returns" as decimal(38, 6)) as "uncastable:returns",
        cast(uncastable."uncastable:net_sales" as decimal(38, 6)) as "uncastable:net_sales",
        cast(uncastable."uncastable:taxes" as decimal(38, 6)) as "uncastable:taxes",
        cast(uncastable."uncastable:shipping" as decimal(38, 6)) as "uncastable:shipping",
        cast(uncastable."uncastable:total_sales" as decimal(38, 6)) as "uncastable:total_sales"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'sales_by_day'
    left join sales_by_day_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join sales_by_day_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join sales_by_day_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join sales_by_day_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

sales_by_day_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from sales_by_day_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:shop_url",
        "nulls:day",
        "nulls:orders",
        "nulls:gross_sales",
        "nulls:discounts",
        "nulls:returns",
        "nulls:net_sales",
        "nulls:taxes",
        "nulls:shipping",
        "nulls:total_sales",
        "uncastable:day",
        "uncastable:orders",
        "uncastable:gross_sales",
        "uncastable:discounts",
        "uncastable:returns",
        "uncastable:net_sales",
        "uncastable:taxes",
        "uncastable:shipping",
        "uncastable:total_sales"
    ))
),

sales_by_day_keys as (
    {{ key_counts('sales_by_day_raw') }}
),

sales_by_day_declared as (
    select key_name from (values ('shop_url'), ('day'), ('orders'), ('gross_sales'), ('discounts'), ('returns'), ('net_sales'), ('taxes'), ('shipping'), ('total_sales')) as declared (key_name)
),

sales_by_day_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join sales_by_day_declared as declared
    left join sales_by_day_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from sales_by_day_keys
    where payload_key not in (select key_name from sales_by_day_declared)
),

sales_by_day_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('shopify', 'sales_by_day') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'sales_by_day'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

sales_by_day_nulled as (
    {{ nulled_counts('sales_by_day_changes') }}
),

sales_by_day_measured as (
    select window_start, window_end, 'sales_by_day' as model, sync_id, metric, field, value
    from sales_by_day_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'sales_by_day' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from sales_by_day_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from sales_by_day_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'sales_by_day'
),

measured as (
    select * from orders_measured
    union all
    select * from order_refunds_measured
    union all
    select * from customers_measured
    union all
    select * from sales_by_day_measured
),

null_history as (
    select model, field, window_start, window_end, nulls, batch_rows
    from (
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from measured as n
        inner join measured as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and r.metric = 'rows'
        where n.metric = 'nulls'
        {% if is_incremental() %}
        union all
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from {{ this }} as n
        inner join {{ this }} as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and n.load_seq = r.load_seq and r.metric = 'rows'
        where n.metric = 'nulls'
            and n.window_end > (select {{ dbt.dateadd('day', -28, 'min(window_start)') }} from pending)
            and not exists (
                select 1
                from pending
                where pending.window_start = n.window_start and pending.window_end = n.window_end
            )
        qualify n.load_seq = max(n.load_seq) over (partition by n.model, n.window_start, n.window_end)
        {% endif %}
    ) as known
),

null_baselines as (
    select
        judged.model,
        judged.field,
        judged.window_start,
        judged.window_end,
        sum(earlier.nulls) as nulls_before,
        sum(earlier.batch_rows) as rows_before
    from null_history as judged
    inner join pending on judged.window_start = pending.window_start and judged.window_end = pending.window_end
    inner join null_history as earlier
        on judged.model = earlier.model and judged.field = earlier.field
        and earlier.window_end <= judged.window_start
        and earlier.window_end > {{ dbt.dateadd('day', -28, 'judged.window_start') }}
    group by judged.model, judged.field, judged.window_start, judged.window_end
),

batch_figures as (
    select
        measured.window_start,
        measured.window_end,
        measured.model,
        '' as account,
        cast(null as date) as day,
        measured.metric,
        measured.field,
        cast(coalesce(measured.value, 0) as decimal(38, 6)) as value,
        cast(baselines.nulls_before / nullif(baselines.rows_before, 0) as decimal(38, 6)) as baseline,
        case when measured.metric = 'nulls' then cast(coalesce(baselines.rows_before, 0) as bigint) end as baseline_n,
        '' as detail,
        measured.sync_id
    from measured
    left join null_baselines as baselines
        on measured.metric = 'nulls' and measured.model = baselines.model and measured.field = baselines.field
        and measured.window_start = baselines.window_start and measured.window_end = baselines.window_end
),

orders_ours as (
    select account, day, sum(value) as value, max(sync_id) as sync_id
    from (
        select cast(side.shop_url as varchar) as account, cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date) as day, sum(cast(coalesce(side.subtotal_price, 0) as decimal(38, 9)) + cast(coalesce(side.added_price, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_shopify__orders') }} as side
        where coalesce(side.test, false) = false and side.processed_at >= cast('{{ told_from }}' as date)
        group by cast(side.shop_url as varchar), cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date)
        union all
        select cast(side.shop_url as varchar) as account, cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date) as day, sum(-1 * cast(coalesce(side.refund_subtotal, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_shopify__order_refunds') }} as side
        where side.processed_at >= cast('{{ told_from }}' as date)
        group by cast(side.shop_url as varchar), cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date)
    ) as parts
    where day is not null
    group by account, day
),

orders_theirs as (
    select cast(side.shop_url as varchar) as account, side.day as day, sum(cast(coalesce(side.net_sales, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_shopify__sales_by_day') }} as side
        group by cast(side.shop_url as varchar), side.day
),

orders_uncounted as (
    select account, day, bucket, sum(value) as value, count(*) as bucket_rows
    from (
        select
            cast(side.shop_url as varchar) as account,
            cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date) as day,
            case when cast(coalesce(side.subtotal_price, 0) as decimal(38, 9)) + cast(coalesce(side.added_price, 0) as decimal(38, 9)) = cast(coalesce(kept.subtotal_price, 0) as decimal(38, 9)) + cast(coalesce(kept.added_price, 0) as decimal(38, 9)) then 'duplicates_removed' else 'superseded_versions' end as bucket,
            cast(coalesce(side.subtotal_price, 0) as decimal(38, 9)) + cast(coalesce(side.added_price, 0) as decimal(38, 9)) as value
        from {{ ref('stg_shopify__orders') }} as side
        inner join {{ ref('int_shopify__orders') }} as kept
            on side.id = kept.id and side._sync_id = kept._sync_id
            and (side._source_file <> kept._source_file or side._source_row <> kept._source_row)
        where side._sync_id in (select sync_id from batches where stream = 'orders')
            and coalesce(side.test, false) = false

        union all
        select
            cast(side.shop_url as varchar) as account,
            cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date) as day,
            'quarantined' as bucket,
            cast(coalesce(side.subtotal_price, 0) as decimal(38, 9)) + cast(coalesce(side.added_price, 0) as decimal(38, 9)) as value
        from {{ ref('typed_shopify__orders') }} as side
        where side._broken is not null
            and side._sync_id in (select sync_id from batches where stream = 'orders')
            and coalesce(side.test, false) = false

        union all
        select
            cast(side.shop_url as varchar) as account,
            cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date) as day,
            case when -1 * cast(coalesce(side.refund_subtotal, 0) as decimal(38, 9)) = -1 * cast(coalesce(kept.refund_subtotal, 0) as decimal(38, 9)) then 'duplicates_removed' else 'superseded_versions' end as bucket,
            -1 * cast(coalesce(side.refund_subtotal, 0) as decimal(38, 9)) as value
        from {{ ref('stg_shopify__order_refunds') }} as side
        inner join {{ ref('int_shopify__order_refunds') }} as kept
            on side.id = kept.id and side._sync_id = kept._sync_id
            and (side._source_file <> kept._source_file or side._source_row <> kept._source_row)
        where side._sync_id in (select sync_id from batches where stream = 'order_refunds')

        union all
        select
            cast(side.shop_url as varchar) as account,
            cast({{ to_zone('side.processed_at', "'America/New_York'") }} as date) as day,
            'quarantined' as bucket,
            -1 * cast(coalesce(side.refund_subtotal, 0) as decimal(38, 9)) as value
        from {{ ref('typed_shopify__order_refunds') }} as side
        where side._broken is not null
            and side._sync_id in (select sync_id from batches where stream = 'order_refunds')

    ) as rows_beside
    group by account, day, bucket
),

orders_sides as (
    select account, day, 'reconcile_ours' as metric, value from orders_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from orders_theirs
    where day is not null
),

-- Every day of the look-back is told anew, because the sync may have changed it; a check reads those of its window.
-- Days before the first that the control ever stated have nothing to be compared with.
orders_days as (
    select pending.window_start, pending.window_end, keys.account, keys.day
    from pending
    inner join (select distinct account, day from orders_sides) as keys
        on keys.day >= {{ plus_days('cast(pending.window_start as date)', -3) }}
        and cast({{ dbt.dateadd('day', 1, 'keys.day') }} as timestamp) <= pending.window_end
    where
        keys.day >= cast(pending.window_start as date)
        or keys.day >= (select min(day) from orders_theirs)
),

orders_told as (
    select
        days.*,
        metrics.metric,
        coalesce(sides.value, 0) * 1 as value,
        cast(null as bigint) as value_rows,
        case when sides.value is null then 'no rows on this side' else '' end as detail
    from orders_days as days
    cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    left join orders_sides as sides
        on days.account = sides.account and days.day = sides.day and metrics.metric = sides.metric
    union all
    -- The first load of the sync that spoke last: marts that hold less are older than these rows.
    select
        days.*,
        'reconcile_loaded' as metric,
        first_loads.load_seq as value,
        cast(null as bigint) as value_rows,
        '' as detail
    from orders_days as days
    inner join orders_ours as ours on days.account = ours.account and days.day = ours.day
    inner join (select sync_id, min(load_seq) as load_seq from ledger group by sync_id) as first_loads
        on ours.sync_id = first_loads.sync_id
    union all
    select
        days.*,
        'reconcile_' || beside.bucket as metric,
        beside.value * 1 as value,
        beside.bucket_rows as value_rows,
        '' as detail
    from orders_days as days
    inner join orders_uncounted as beside on days.account = beside.account and days.day = beside.day
),

orders_reconciled as (
    select
        window_start,
        window_end,
        'orders' as model,
        account,
        day,
        metric,
        'subtotal_price' as field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(value_rows as bigint) as baseline_n,
        detail,
        cast(null as bigint) as sync_id
    from orders_told
),

sales_by_day_delivered as (
    select
        shop_url,
        day,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_shopify__sales_by_day') }}
    where shop_url is not null and day is not null
    group by shop_url, day, _sync_id
),

sales_by_day_syncs as (
    select
        shop_url,
        min(day) as first_day,
        max(day) as last_day,
        {{ plus_days('max(day)', -3) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from sales_by_day_delivered
    group by shop_url, _sync_id
),

sales_by_day_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.shop_url,
        days.day
    from batches
    inner join sales_by_day_syncs as judged on judged._sync_id = batches.sync_id
    inner join sales_by_day_delivered as days
        on days.shop_url = judged.shop_url and days.day between judged.first_day and judged.last_day
        and days.day < cast(batches.window_start as date)
    where batches.stream = 'sales_by_day'
),

sales_by_day_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.shop_url, closed.day
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from sales_by_day_closed as closed
        inner join sales_by_day_syncs as syncs
            on syncs.shop_url = closed.shop_url and closed.day between syncs.first_day and syncs.last_day
        left join sales_by_day_delivered as said
            on said.shop_url = closed.shop_url and said.day = closed.day and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.day >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

sales_by_day_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from sales_by_day_pairs
        union all
        select *, 'before' as side, before_id as side_id from sales_by_day_pairs
    ) as sides
    inner join {{ ref('stg_shopify__sales_by_day') }} as history
        on history.shop_url = sides.shop_url and history.day = sides.day and history._sync_id = sides.side_id
    where history.shop_url is not null and history.day is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.shop_url, history.day
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

sales_by_day_said as (
    select
        side,
        window_start,
        window_end,
        shop_url,
        day,
        'orders' as field,
        sum(cast(coalesce(orders, 0) as decimal(38, 6))) * 1 as value
    from sales_by_day_kept
    group by side, window_start, window_end, shop_url, day
    union all
    select
        side,
        window_start,
        window_end,
        shop_url,
        day,
        'gross_sales' as field,
        sum(cast(coalesce(gross_sales, 0) as decimal(38, 6))) * 1 as value
    from sales_by_day_kept
    group by side, window_start, window_end, shop_url, day
    union all
    select
        side,
        window_start,
        window_end,
        shop_url,
        day,
        'net_sales' as field,
        sum(cast(coalesce(net_sales, 0) as decimal(38, 6))) * 1 as value
    from sales_by_day_kept
    group by side, window_start, window_end, shop_url, day
    union all
    select
        side,
        window_start,
        window_end,
        shop_url,
        day,
        'total_sales' as field,
        sum(cast(coalesce(total_sales, 0) as decimal(38, 6))) * 1 as value
    from sales_by_day_kept
    group by side, window_start, window_end, shop_url, day
    union all
    select
        side,
        window_start,
        window_end,
        shop_url,
        day,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from sales_by_day_kept
    group by side, window_start, window_end, shop_url, day
),

sales_by_day_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.shop_url as varchar) as account,
        pairs.day as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from sales_by_day_pairs as pairs
    cross join (values ('orders'), ('gross_sales'), ('net_sales'), ('total_sales'), ('rows')) as figures (field)
    left join sales_by_day_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.shop_url = pairs.shop_url and after_it.day = pairs.day
    left join sales_by_day_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.shop_url = pairs.shop_url and before_it.day = pairs.day
),

sales_by_day_restated as (
    select
        window_start,
        window_end,
        'sales_by_day' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from sales_by_day_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -3) }}
    union all
    select
        window_start,
        window_end,
        'sales_by_day' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from sales_by_day_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -3) }}
    group by window_start, window_end, account, field
),

all_figures as (
    select * from batch_figures
    union all
    select * from orders_reconciled
    union all
    select * from sales_by_day_restated
),

final as (
    select
        figures.window_start,
        figures.window_end,
        'shopify' as source,
        figures.model,
        figures.account,
        figures.day,
        figures.metric,
        figures.field,
        cast(figures.value as decimal(38, 6)) as value,
        cast(figures.baseline as decimal(38, 6)) as baseline,
        cast(figures.baseline_n as bigint) as baseline_n,
        figures.detail,
        cast(figures.sync_id as bigint) as sync_id,
        cast(pending.load_seq as bigint) as load_seq
    from all_figures as figures
    inner join pending
        on figures.window_start = pending.window_start and figures.window_end = pending.window_end
)

select * from final
{% endif %}
