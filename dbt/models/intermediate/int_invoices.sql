{{ config(materialized='view') }}

with invoices as (

    {{ ops_rows('invoices', {
        'source': 'varchar', 'account_id': 'varchar', 'month': 'varchar', 'invoice_id': 'varchar', 'version': 'bigint',
        'currency': 'varchar', 'media_amount': 'varchar', 'credits': 'varchar', 'tax': 'varchar', 'total': 'varchar'
    }) }}

),

-- The latest version of each invoice counts.
final as (

    select
        source,
        account_id,
        cast(month || '-01' as date) as month,
        invoice_id,
        version,
        currency,
        {{ money('media_amount') }} as media_amount,
        {{ money('credits') }} as credits,
        {{ money('tax') }} as tax,
        {{ money('total') }} as total
    from invoices
    qualify row_number() over (partition by source, account_id, invoice_id order by version desc) = 1

)

select * from final
