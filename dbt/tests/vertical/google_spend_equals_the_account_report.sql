{{ config(severity='warn') }}
-- The platform's own account total, where the account's day was over at extraction. The gate judges the source with the
-- same numbers (reconciliation); here a warning tells the developer of a model that the mart drifted from it.
with control as (

    select
        cast(customer_id as varchar) as account_id,
        segments_date as date,
        sum(metrics_cost_micros * 0.000001) as spend
    from {{ ref('int_google_ads__account_performance_report') }}
    where _extracted_at >= {{ day_end('segments_date', 'customer_time_zone') }}
    group by customer_id, segments_date

),

mart as (

    select
        account_id,
        date,
        sum(spend) as spend,
        max(case when is_provisional then 1 else 0 end) as open_rows
    from {{ ref('fct_ad_performance') }}
    where source = 'google_ads'
    group by account_id, date

),

final as (

    select
        control.account_id,
        control.date,
        control.spend as reported,
        coalesce(mart.spend, 0) as in_mart
    from control
    left join mart on control.account_id = mart.account_id and control.date = mart.date
    where coalesce(mart.open_rows, 0) = 0 and control.spend <> coalesce(mart.spend, 0)

)

select * from final
