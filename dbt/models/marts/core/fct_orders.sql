{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['source', 'shop_id', 'order_id']
) }}

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
        _load_seq,
        _made_at as order_made_at
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
        campaign_id,
        _load_seq as click_seq
    from {{ ref(source ~ '__clicks') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

campaigns as (

    select * from {{ ref('int_clicked_campaigns') }}

),

rates as {{ inlined() }} (

    select * from {{ ref('int_fx_periods') }}

),

-- What decides besides an order itself: how far orders and clicks have come, and the rules that people edit.
decided_by as (

    select
        (select max(order_made_at) from orders) as orders_to,
        (select min(newest) from (select max(click_seq) as newest from clicks group by ad_source) as seqs) as clicks_to,
        (select {{ rules_fingerprint() }} from {{ ref('channel_rules') }}) as rules

),

{% if is_incremental() -%}
known as {{ inlined() }} (

    select
        source,
        shop_id,
        order_id,
        order_date,
        currency,
        returns,
        refunded,
        fx_rate,
        fx_rate_date,
        click_id,
        click_id_type,
        _campaign,
        _campaign_words,
        _rules
    from {{ this }}

),

-- Orders that were made again, whose refunds are others, whose click was reported since, whose campaign has other words
-- now, whose day has another rate; all of them where somebody edited the rules.
touched as (

    select
        source,
        shop_id,
        order_id
    from orders
    where order_made_at > {{ known_time('_orders_to') }}

    union distinct

    select
        known.source,
        known.shop_id,
        known.order_id
    from known
    cross join decided_by
    left join returned
        on
            known.source = returned.source
            and known.shop_id = returned.shop_id
            and known.order_id = returned.order_id
    where
        known.returns <> coalesce(returned.returns, 0)
        or known.refunded <> coalesce(returned.refunded, 0)
        or known._rules is distinct from decided_by.rules

    union distinct

    select
        known.source,
        known.shop_id,
        known.order_id
    from known
    inner join clicks
        on known.click_id = clicks.click_id and known.click_id_type = clicks.click_id_type
    where clicks.click_seq > {{ known_number('_clicks_to') }}

    union distinct

    select
        known.source,
        known.shop_id,
        known.order_id
    from known
    inner join (
        select told._campaign
        from (select distinct _campaign, _campaign_words from known) as told
        left join campaigns on told._campaign = {{ campaign_of('campaigns') }}
        where told._campaign_words is distinct from {{ words_of_campaign('campaigns') }}
    ) as renamed
        on known._campaign = renamed._campaign

    union distinct

    select
        known.source,
        known.shop_id,
        known.order_id
    from known
    inner join (
        select
            days.currency,
            days.order_date
        from (select distinct currency, order_date, fx_rate, fx_rate_date from known) as days
        left join rates
            on
                days.currency = rates.currency
                and days.order_date >= rates.valid_from
                and (days.order_date < rates.valid_until or rates.valid_until is null)
        where days.fx_rate is distinct from rates.rate or days.fx_rate_date is distinct from rates.valid_from
    ) as repriced
        on known.currency is not distinct from repriced.currency and known.order_date = repriced.order_date

),
{%- endif %}

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
        campaigns.campaign_type,
        {{ campaign_of('clicks', 'ad_source') }} as _campaign,
        {{ words_of_campaign('campaigns') }} as _campaign_words
    from orders
    {% if is_incremental() -%}
    inner join touched
        on
            orders.source = touched.source
            and orders.shop_id = touched.shop_id
            and orders.order_id = touched.order_id
    {% endif -%}
    left join clicks
        on orders.click_id = clicks.click_id and orders.click_id_type = clicks.click_id_type
    left join campaigns
        on
            clicks.ad_source = campaigns.source
            and clicks.account_id = campaigns.account_id
            and clicks.campaign_id = campaigns.campaign_id

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

made as (

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
        keyed._load_seq,
        keyed._campaign,
        keyed._campaign_words,
        decided_by.orders_to as _orders_to,
        decided_by.clicks_to as _clicks_to,
        decided_by.rules as _rules,
        {{ made_at() }} as _made_at
    from keyed
    cross join decided_by
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

),

{% if is_incremental() -%}
-- An order that left is a row of nothing but its key: the strategy removes it.
gone as (

    select
        known.source,
        known.shop_id,
        known.order_id
    from known
    left join orders
        on known.source = orders.source and known.shop_id = orders.shop_id and known.order_id = orders.order_id
    where orders.order_id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
