-- What the mart calls spend is what the newest report rows said: nothing lost in joins, nothing counted twice.
-- Google's total is the campaign stream, plus ads whose campaign it does not have.
with campaign_rows as (

    select * from {{ ref('int_google_ads__campaign') }}

),

campaigns as (

    select distinct
        customer_id,
        campaign_id,
        segments_date
    from campaign_rows

),

ads_alone as (

    select ad_rows.*
    from {{ ref('int_google_ads__ad_performance') }} as ad_rows
    left join campaigns
        on
            ad_rows.customer_id = campaigns.customer_id
            and ad_rows.campaign_id = campaigns.campaign_id
            and ad_rows.segments_date = campaigns.segments_date
    where campaigns.campaign_id is null

),

insights as (

    select * from {{ ref('int_meta_ads__ads_insights') }}

),

parts as (

    select
        'google_ads' as source,
        cast(customer_id as varchar) as account_id,
        segments_date as date,
        metrics_cost_micros * 0.000001 as reported,
        0 as in_mart
    from campaign_rows

    union all

    select
        'google_ads' as source,
        cast(customer_id as varchar) as account_id,
        segments_date as date,
        metrics_cost_micros * 0.000001 as reported,
        0 as in_mart
    from ads_alone

    union all

    select
        'meta_ads' as source,
        account_id,
        date_start as date,
        spend as reported,
        0 as in_mart
    from insights

    union all

    select
        source,
        account_id,
        date,
        0 as reported,
        spend as in_mart
    from {{ ref('fct_ad_performance') }}
    where source in ('google_ads', 'meta_ads')

),

final as (

    select
        source,
        account_id,
        date,
        sum(reported) as reported,
        sum(in_mart) as in_mart
    from parts
    group by source, account_id, date
    having sum(reported) <> sum(in_mart)

)

select * from final
