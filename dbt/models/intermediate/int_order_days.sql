with placed as (

    select * from {{ ref('fct_customer_orders') }}

),

-- Days before the last order that was loaded for another reason than that it was placed are not whole.
days as (

    select
        coalesce({{ plus_days('max(case when not is_covered then order_date end)', 1) }}, min(order_date)) as first_day,
        max(order_date) as last_day
    from placed

),

final as (

    select
        first_day,
        last_day,
        case
            when extract(day from first_day) = 1 then first_day
            else {{ month_after(dbt.date_trunc('month', 'first_day'), 1) }}
        end as first_whole_month
    from days

)

select * from final
