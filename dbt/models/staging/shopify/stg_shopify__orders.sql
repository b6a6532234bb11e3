-- rendered from shopify, sha256 522ed459987b0281b94ddd85c1addd961500b135c7c07d804969899a77a7eaa2; change the declaration, then run `plumbline render`
{{ config(materialized='view') }}

with typed as (
    select * from {{ ref('typed_shopify__orders') }}
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
        _changes
    from typed
    where _broken is null
)

select * from final
