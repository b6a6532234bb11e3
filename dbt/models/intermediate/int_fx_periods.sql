with seeded as (

    select * from {{ ref('fx_rates') }}

),

given as (

    select * from {{ ref('int_given_rates') }}

),

-- What finance gave goes before the seed where both speak about the same currency and date.
rates as (

    select
        currency,
        rate_date,
        rate,
        'given' as origin
    from given

    union all

    select
        seeded.currency,
        seeded.rate_date,
        seeded.rate,
        'seed' as origin
    from seeded
    left join given on seeded.currency = given.currency and seeded.rate_date = given.rate_date
    where given.currency is null

),

-- A rate holds from its date until the next one. Before the first date there is none: the tests on money say so.
final as (

    select
        currency,
        rate_date as valid_from,
        lead(rate_date) over (partition by currency order by rate_date) as valid_until,
        rate,
        origin
    from rates
    where currency is not null and rate_date is not null and rate > 0

)

select * from final
