with refunds as (

    {% for source in sources_providing('refunds') -%}
    select
        source,
        shop_id,
        refund_id,
        order_id,
        refunded_at,
        refund_date,
        currency,
        subtotal,
        gift_card_subtotal,
        tax,
        duties,
        shipping,
        amount,
        items,
        is_restocked,
        extracted_at,
        sync_id,
        _load_seq
    from {{ ref(source ~ '__refunds') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

rates as (

    select * from {{ ref('int_fx_periods') }}

),

final as (

    select
        refunds.source,
        refunds.shop_id,
        refunds.refund_id,
        refunds.order_id,
        refunds.refund_date,
        refunds.refunded_at,
        orders.order_date,
        refunds.currency,
        refunds.subtotal,
        refunds.gift_card_subtotal,
        refunds.tax,
        refunds.duties,
        refunds.shipping,
        refunds.amount,
        rates.rate as fx_rate,
        rates.valid_from as fx_rate_date,
        rates.rate is not null as has_rate,
        refunds.items,
        refunds.is_restocked,
        coalesce(orders.is_test, false) as is_test,
        orders.order_id is not null as has_order,
        -- A refund takes its sale back from the channel that had won it.
        coalesce(orders.channel, 'Unassigned') as channel,
        refunds.extracted_at,
        refunds.sync_id,
        refunds._load_seq
    from refunds
    left join orders
        on
            refunds.source = orders.source
            and refunds.shop_id = orders.shop_id
            and refunds.order_id = orders.order_id
    left join rates
        on
            refunds.currency = rates.currency
            and refunds.refund_date >= rates.valid_from
            and (refunds.refund_date < rates.valid_until or rates.valid_until is null)

)

select * from final
