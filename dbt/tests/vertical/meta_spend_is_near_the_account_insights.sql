{{ config(severity='warn') }}
-- The account level still holds deleted ads, and both levels round: the tolerance is that of the declaration.
with control as (

    select
        insights.account_id,
        insights.date_start as date,
        insights.spend
    from {{ ref('int_meta_ads__ads_insights_account') }} as insights
    inner join {{ ref('int_meta_ads__ad_account') }} as accounts on insights.account_id = accounts.account_id
    where insights._extracted_at >= {{ day_end('insights.date_start', 'accounts.timezone_name') }}

),

mart as (

    select
        account_id,
        date,
        sum(spend) as spend,
        max(case when is_provisional then 1 else 0 end) as open_rows
    from {{ ref('fct_ad_performance') }}
    where source = 'meta_ads'
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
    where
        coalesce(mart.open_rows, 0) = 0
        and abs(control.spend - coalesce(mart.spend, 0)) > greatest(1, control.spend * 0.002)

)

select * from final
