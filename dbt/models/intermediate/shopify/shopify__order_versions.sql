{{ config(materialized='view') }}

with versions as (

    select
        *,
        case when taxes_included then coalesce(total_tax, 0) else 0 end as included_tax,
        deleted_at is not null or processed_at is null as is_vanished
    from {{ ref('stg_shopify__orders') }}
    where id is not null

),

-- The rules are those of the conformed orders; a version without content counts nothing.
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
        {{ money('case when is_vanished then 0 else coalesce(total_line_items_price, 0) - included_tax end') }}
            as gross_sales,
        {{ money('case when is_vanished then 0 else coalesce(total_discounts, 0) end') }} as discounts,
        {{ money('case when is_vanished then 0 else coalesce(total_shipping_price, 0) end') }} as shipping,
        {{ money('case when is_vanished then 0 else coalesce(total_tax, 0) end') }} as tax,
        {{ money('case when is_vanished then 0 else coalesce(total_price, 0) end') }} as total,
        {{ money('case when is_vanished then 0 else coalesce(current_total_price, total_price, 0) end') }}
            as current_total,
        coalesce(updated_at, _extracted_at) as changed_at,
        _extracted_at as said_at,
        _sync_id,
        _source_file,
        _source_row,
        _load_seq
    from versions

)

select * from final
