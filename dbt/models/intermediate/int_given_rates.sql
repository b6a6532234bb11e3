{{ config(materialized='view') }}

with rates as (

    {{ ops_rows('fx_rates', {
        'currency': 'varchar', 'rate_date': 'varchar', 'version': 'bigint', 'rate': 'varchar'
    }) }}

),

-- The latest version of each rate counts.
final as (

    select
        currency,
        cast(rate_date as date) as rate_date,
        cast(rate as decimal(18, 9)) as rate
    from rates
    qualify row_number() over (partition by currency, rate_date order by version desc) = 1

)

select * from final
