-- Days that any report may ask for, written without the clock: the same table on every day and both engines.
with digits as (

    {% for digit in range(10) -%}
    select {{ digit }} as digit
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

numbered as (

    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as place
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands

),

extended as (

    select place from numbered

    union all

    select place + 10000 as place from numbered

),

days as (

    select cast({{ dbt.dateadd('day', 'place', "cast('1995-01-01' as date)") }} as date) as date_day
    from extended

),

final as (

    select
        date_day,
        cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start,
        cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start,
        cast({{ dbt.date_trunc('year', 'date_day') }} as date) as year_start
    from days

)

select * from final
