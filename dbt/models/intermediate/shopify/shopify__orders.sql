{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['order_id']
) }}

with all_orders as {{ inlined() }} (

    select * from {{ ref('int_shopify__orders') }}

),

customers as {{ inlined() }} (

    select * from {{ ref('int_shopify__customers') }}

),

{% if is_incremental() -%}
new_orders as (

    select
        id,
        customer_id
    from all_orders
    where _load_seq > {{ known_load_seq(this) }}

),

-- The place of an order is decided among those of its customer: whoever has, or had, a new order or a new record.
touched_customers as (

    select customer_id
    from new_orders
    where customer_id is not null

    union distinct

    select cast(known.customer_id as bigint) as customer_id
    from {{ this }} as known
    inner join new_orders on known.order_id = cast(new_orders.id as varchar)
    where known.customer_id is not null

    union distinct

    select id as customer_id
    from customers
    where _load_seq > {{ known_number('_customers_to') }}

),

touched as (

    select id
    from new_orders

    union distinct

    select all_orders.id
    from all_orders
    inner join touched_customers on all_orders.customer_id = touched_customers.customer_id

),
{%- endif %}

orders as (

    select all_orders.*
    from all_orders
    {% if is_incremental() -%}
    inner join touched on all_orders.id = touched.id
    {%- endif %}

),

-- Lists are taken apart and priced for the orders that are made, not for all.
lines as (

    {% if is_incremental() -%}
    {{ shopify_order_lines('(' ~ rows_shopify__order_lines('orders') ~ ')') }}
    {%- else -%}
    select * from {{ ref('shopify__order_lines') }}
    {%- endif %}

),

shipping_lines as (

    {% if is_incremental() -%}
    {{ rows_shopify__order_shipping_lines('orders') }}
    {%- else -%}
    select * from {{ ref('stg_shopify__order_shipping_lines') }}
    {%- endif %}

),

-- A deletion arrives as a version without content: the order leaves the facts.
with_content as (

    select *
    from orders
    where deleted_at is null and processed_at is not null

),

kept as (

    {{ shopify_order_money('with_content', 'lines', 'shipping_lines') }}

),

-- Place of an order among those of its customer, tests behind all others.
sequenced as (

    select
        id,
        customer_id,
        coalesce(test, false) as is_test,
        row_number() over (partition by customer_id order by coalesce(test, false), processed_at, id) as place,
        count(*) over (partition by customer_id) as loaded_orders
    from kept
    where customer_id is not null

),

-- The history may begin after a customer's first order: then the shop's own count is higher than what is loaded.
first_orders as (

    select sequenced.id
    from sequenced
    inner join customers on sequenced.customer_id = customers.id
    where
        sequenced.place = 1
        and not sequenced.is_test
        and coalesce(customers.orders_count, 0) <= sequenced.loaded_orders

),

made as (

    select
        'shopify' as source,
        kept.shop_url as shop_id,
        cast(kept.id as varchar) as order_id,
        kept.name as order_name,
        kept.processed_at,
        kept.created_at,
        kept.cancelled_at,
        cast({{ to_zone('kept.processed_at', "'" ~ timezone_of('shopify') ~ "'") }} as date) as order_date,
        kept.source_name as sales_channel,
        kept.financial_status,
        coalesce(kept.test, false) as is_test,
        kept.cancelled_at is not null as is_cancelled,
        coalesce(kept.financial_status = 'voided', false) as is_voided,
        coalesce(kept.source_name = 'shopify_draft_order', false) as is_draft,
        -- Shops and their return apps mark an exchange by a tag or a sales channel of that name.
        coalesce(
            kept.source_name = 'exchange' or ',' || replace(lower(kept.tags), ' ', '') || ',' like '%,exchange,%', false
        ) as is_exchange,
        kept.is_edited,
        coalesce(replace(kept.payment_gateway_names, ' ', '') = '["gift_card"]', false) as is_gift_card_paid,
        first_orders.id is not null as is_new_customer,
        cast(kept.customer_id as varchar) as customer_id,
        kept.email_token,
        kept.currency,
        kept.presentment_currency,
        kept.contains_tax as taxes_included,
        kept.gross_sales,
        kept.discounts,
        kept.gift_card_sales,
        kept.shipping,
        kept.tax,
        kept.duties,
        kept.tips,
        kept.fees,
        kept.total,
        {{ money('coalesce(kept.current_total_price, kept.total_price, 0)') }} as current_total,
        {{ money('kept.presentment_subtotal') }} as presentment_subtotal,
        {{ money('kept.presentment_discounts') }} as presentment_discounts,
        {{ money('kept.presentment_shipping') }} as presentment_shipping,
        {{ money('kept.presentment_tax') }} as presentment_tax,
        {{ money('kept.presentment_total') }} as presentment_total,
        cast(coalesce(kept.item_quantity, 0) as bigint) as items,
        nullif(coalesce(kept.landing_site_host, '') || coalesce(kept.landing_site_path, ''), '') as landing_page,
        -- A page of the shop itself is no referrer; the landing page may come without its host.
        case
            when
                kept.referring_site_host <> coalesce(kept.landing_site_host, '')
                and {{ dbt.position('kept.shop_url', 'kept.referring_site_host') }} = 0
                then kept.referring_site_host
        end as referrer,
        kept.landing_site_utm_source as utm_source,
        kept.landing_site_utm_medium as utm_medium,
        kept.landing_site_utm_campaign as utm_campaign,
        kept.landing_site_utm_term as utm_term,
        kept.landing_site_utm_content as utm_content,
        kept.landing_site_click_id as click_id,
        kept.landing_site_click_id_type as click_id_type,
        kept.updated_at,
        kept._extracted_at as extracted_at,
        kept._sync_id as sync_id,
        kept._load_seq,
        (select max(_load_seq) from customers) as _customers_to,
        {{ made_at() }} as _made_at
    from kept
    left join first_orders on kept.id = first_orders.id

),

{% if is_incremental() -%}
-- An order that left is a row of nothing but its key: the strategy removes it.
gone as (

    select known.order_id
    from {{ this }} as known
    left join all_orders
        on
            known.order_id = cast(all_orders.id as varchar)
            and all_orders.deleted_at is null
            and all_orders.processed_at is not null
    where all_orders.id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
