with orders as (

    {% for source in sources_providing('orders') -%}
    select
        source,
        shop_id,
        order_id,
        order_name,
        processed_at,
        created_at,
        cancelled_at,
        order_date,
        sales_channel,
        financial_status,
        is_test,
        is_cancelled,
        is_voided,
        is_draft,
        is_exchange,
        is_edited,
        is_gift_card_paid,
        is_new_customer,
        customer_id,
        email_token,
        currency,
        presentment_currency,
        taxes_included,
        gross_sales,
        discounts,
        gift_card_sales,
        shipping,
        tax,
        duties,
        tips,
        fees,
        total,
        current_total,
        presentment_subtotal,
        presentment_discounts,
        presentment_shipping,
        presentment_tax,
        presentment_total,
        items,
        landing_page,
        referrer,
        utm_source,
        utm_medium,
        utm_campaign,
        utm_term,
        utm_content,
        click_id,
        click_id_type,
        extracted_at,
        sync_id,
        _load_seq
    from {{ ref(source ~ '__orders') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

returned as (

    {% for source in sources_providing('refunds') -%}
    select
        source,
        shop_id,
        order_id,
        sum(subtotal) as returns,
        sum(amount) as refunded
    from {{ ref(source ~ '__refunds') }}
    group by source, shop_id, order_id
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

clicks as (

    {% for source in sources_providing('clicks') -%}
    select
        source as ad_source,
        click_id,
        click_id_type,
        account_id,
        campaign_id
    from {{ ref(source ~ '__clicks') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

campaigns as (

    select * from {{ ref('int_clicked_campaigns') }}

),

-- Where the buying visit came from: tags or click id of its landing page, else its referrer; orders from outside the
-- web shop come from the sales channel itself.
asked as (

    select
        orders.*,
        case
            when orders.sales_channel <> 'web' then orders.sales_channel
            when coalesce(orders.utm_source, orders.utm_medium, orders.utm_campaign) is not null then orders.utm_source
            when orders.click_id_type = 'fbclid' then 'facebook'
            when orders.click_id is not null then null
            else coalesce(orders.referrer, '(direct)')
        end as traffic_source,
        case
            when orders.sales_channel <> 'web' then 'sales_channel'
            when coalesce(orders.utm_source, orders.utm_medium, orders.utm_campaign) is not null then orders.utm_medium
            when orders.click_id_type = 'fbclid' then null
            when orders.click_id is not null then 'cpc'
            when orders.referrer is not null then 'referral'
            else '(none)'
        end as traffic_medium,
        coalesce(campaigns.campaign_name, orders.utm_campaign) as traffic_campaign,
        campaigns.campaign_type
    from orders
    left join clicks
        on orders.click_id = clicks.click_id and orders.click_id_type = clicks.click_id_type
    left join campaigns
        on
            clicks.ad_source = campaigns.source
            and clicks.account_id = campaigns.account_id
            and clicks.campaign_id = campaigns.campaign_id

),

rates as (

    select * from {{ ref('int_fx_periods') }}

),

keyed as (

    select
        *,
        {{ traffic_key('traffic_source', 'traffic_medium', 'traffic_campaign', 'click_id_type', 'campaign_type') }}
            as traffic_key
    from asked

),

channels as (

    {{ channels_of('keyed') }}

),

final as (

    select
        keyed.source,
        keyed.shop_id,
        keyed.order_id,
        keyed.order_name,
        keyed.order_date,
        keyed.processed_at,
        keyed.created_at,
        keyed.cancelled_at,
        keyed.sales_channel,
        keyed.financial_status,
        keyed.is_test,
        keyed.is_cancelled,
        keyed.is_voided,
        keyed.is_draft,
        keyed.is_exchange,
        keyed.is_edited,
        keyed.is_gift_card_paid,
        not (
            keyed.is_test or keyed.is_cancelled or keyed.is_voided or keyed.is_gift_card_paid or keyed.is_exchange
        ) as is_valid,
        keyed.is_new_customer,
        keyed.customer_id,
        keyed.email_token,
        keyed.currency,
        keyed.presentment_currency,
        keyed.taxes_included,
        keyed.gross_sales,
        keyed.discounts,
        {{ money('coalesce(returned.returns, 0)') }} as returns,
        {{ money('keyed.gross_sales - keyed.discounts - coalesce(returned.returns, 0)') }} as net_sales,
        keyed.gift_card_sales,
        keyed.shipping,
        keyed.tax,
        keyed.duties,
        keyed.tips,
        keyed.fees,
        keyed.total,
        keyed.current_total,
        keyed.presentment_subtotal,
        keyed.presentment_discounts,
        keyed.presentment_shipping,
        keyed.presentment_tax,
        keyed.presentment_total,
        {{ money('coalesce(returned.refunded, 0)') }} as refunded,
        rates.rate as fx_rate,
        rates.valid_from as fx_rate_date,
        rates.rate is not null as has_rate,
        keyed.items,
        keyed.landing_page,
        keyed.referrer,
        keyed.utm_source,
        keyed.utm_medium,
        keyed.utm_campaign,
        keyed.utm_term,
        keyed.utm_content,
        keyed.click_id,
        keyed.click_id_type,
        coalesce(channels.channel, 'Unassigned') as channel,
        keyed.extracted_at,
        keyed.sync_id,
        keyed._load_seq
    from keyed
    left join returned
        on
            keyed.source = returned.source
            and keyed.shop_id = returned.shop_id
            and keyed.order_id = returned.order_id
    left join rates
        on
            keyed.currency = rates.currency
            and keyed.order_date >= rates.valid_from
            and (keyed.order_date < rates.valid_until or rates.valid_until is null)
    left join channels on keyed.traffic_key = channels.traffic_key

)

select * from final
