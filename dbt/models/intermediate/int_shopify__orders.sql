-- rendered from shopify, sha256 522ed459987b0281b94ddd85c1addd961500b135c7c07d804969899a77a7eaa2; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['id']) }}

{% if nothing_new(ref('stg_shopify__orders')) %}
select * from {{ this }} where false
{% else %}
with new_versions as (
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
    from {{ unseen(ref('stg_shopify__orders')) }} as unseen_rows
    where id is not null
),

candidates as (
    select * from new_versions
    {% if is_incremental() %}
    union all
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
    from {{ this }}
    where (id) in (select id from new_versions)
    {% endif %}
),

final as (
    select *
    from candidates
    qualify row_number() over (
        partition by id
        order by
            coalesce(updated_at, _extracted_at) desc nulls last,
            _extracted_at desc,
            _sync_id desc,
            _source_file desc,
            _source_row desc
    ) = 1
)

select * from final
{% endif %}
