with lines as (

    {% for source in sources_providing('refund_lines') -%}
    select
        source,
        shop_id,
        refund_id,
        refund_line_id,
        order_id,
        line_id,
        is_gift_card,
        currency,
        quantity,
        subtotal,
        tax,
        restock_type,
        is_restocked,
        extracted_at
    from {{ ref(source ~ '__refund_lines') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

order_lines as (

    select * from {{ ref('fct_order_lines') }}

),

final as (

    select
        lines.source,
        lines.shop_id,
        lines.refund_id,
        lines.refund_line_id,
        lines.order_id,
        lines.line_id,
        refunds.refund_date,
        coalesce(refunds.is_test, false) as is_test,
        order_lines.line_id is not null as has_order_line,
        lines.is_gift_card,
        lines.currency,
        lines.quantity,
        lines.subtotal,
        lines.tax,
        lines.restock_type,
        lines.is_restocked,
        lines.extracted_at
    from lines
    left join refunds
        on
            lines.source = refunds.source
            and lines.shop_id = refunds.shop_id
            and lines.refund_id = refunds.refund_id
    left join order_lines
        on
            lines.source = order_lines.source
            and lines.shop_id = order_lines.shop_id
            and lines.order_id = order_lines.order_id
            and lines.line_id = order_lines.line_id

)

select * from final
