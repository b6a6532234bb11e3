with rates as (

    select * from {{ ref('fx_rates') }}

),

-- A rate holds from its date until the next one. Before the first date there is none: the tests on money say so.
final as (

    select
        currency,
        rate_date as valid_from,
        lead(rate_date) over (partition by currency order by rate_date) as valid_until,
        rate
    from rates
    where currency is not null

)

select * from final
