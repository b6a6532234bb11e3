-- The lines of a refund hold the goods and the tax that it gives back, to the cent.
with lines as (

    select
        source,
        shop_id,
        refund_id,
        sum(case when is_gift_card then 0 else subtotal end) as subtotal,
        sum(tax) as tax
    from {{ ref('fct_refund_lines') }}
    group by source, shop_id, refund_id

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

final as (

    select
        lines.source,
        lines.shop_id,
        lines.refund_id
    from lines
    left join refunds
        on lines.source = refunds.source and lines.shop_id = refunds.shop_id and lines.refund_id = refunds.refund_id
    where refunds.refund_id is null or lines.subtotal <> refunds.subtotal or lines.tax <> refunds.tax

)

select * from final
