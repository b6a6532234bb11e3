{{ config(materialized='view') }}

with hours as (

    select * from {{ ref('int_google_ads__campaign') }}

),

-- The campaign report is the one with hours; network is summed away, Performance Max is in it.
final as (

    select
        'google_ads' as source,
        cast(customer_id as varchar) as account_id,
        segments_date as date,
        cast(segments_hour as bigint) as hour,
        {{ money('sum(metrics_cost_micros * 0.000001)') }} as spend,
        cast(sum(metrics_clicks) as bigint) as clicks
    from hours
    where segments_hour between 0 and 23
    group by customer_id, segments_date, segments_hour

)

select * from final
