{{ config(materialized='incremental', incremental_strategy='append') }}
{%- set new = '_load_seq > ' ~ known_load_seq(this) if is_incremental() else '_load_seq is not null' %}

with versions as (

    select * from {{ ref('stg_shopify__orders') }}
    where id is not null and {{ new }}

),

-- Of each version its own lines: those of the conformed orders are the newest ones.
lines as (

    {{ shopify_order_lines('(' ~ rows_shopify__order_lines('versions') ~ ')') }}

),

shipping_lines as (

    {{ rows_shopify__order_shipping_lines('versions') }}

),

-- The rules are those of the conformed orders.
priced as (

    {{ shopify_order_money('versions', 'lines', 'shipping_lines') }}

),

told as (

    select
        *,
        deleted_at is not null or processed_at is null as is_vanished
    from priced

),

-- A version without content counts nothing.
final as (

    select
        'shopify' as source,
        shop_url as shop_id,
        cast(id as varchar) as order_id,
        cast({{ to_zone('processed_at', "'" ~ timezone_of('shopify') ~ "'") }} as date) as order_date,
        financial_status,
        coalesce(test, false) as is_test,
        cancelled_at is not null as is_cancelled,
        is_vanished,
        currency,
        {{ money('case when is_vanished then 0 else gross_sales end') }} as gross_sales,
        {{ money('case when is_vanished then 0 else discounts end') }} as discounts,
        {{ money('case when is_vanished then 0 else shipping end') }} as shipping,
        {{ money('case when is_vanished then 0 else tax end') }} as tax,
        {{ money('case when is_vanished then 0 else total end') }} as total,
        {{ money('case when is_vanished then 0 else coalesce(current_total_price, total_price, 0) end') }}
            as current_total,
        coalesce(updated_at, _extracted_at) as changed_at,
        _extracted_at as said_at,
        _sync_id,
        _source_file,
        _source_row,
        _load_seq
    from told

)

select * from final
