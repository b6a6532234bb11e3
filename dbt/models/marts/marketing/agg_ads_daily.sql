with ad_performance as (

    select * from {{ ref('fct_ad_performance') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

final as (

    select
        ad_performance.date,
        ad_performance.source,
        coalesce(campaigns.channel, 'Unassigned') as channel,
        {{ money('sum(ad_performance.spend_reporting)') }} as spend,
        cast(sum(ad_performance.impressions) as bigint) as impressions,
        cast(sum(ad_performance.clicks) as bigint) as clicks,
        {{ money('sum(ad_performance.platform_conversions)') }} as platform_conversions,
        {{ money('sum(ad_performance.platform_conversion_value * ad_performance.fx_rate)') }} as platform_revenue
    from ad_performance
    left join campaigns
        on
            ad_performance.source = campaigns.source
            and ad_performance.account_id = campaigns.account_id
            and ad_performance.campaign_id = campaigns.campaign_id
    group by ad_performance.date, ad_performance.source, coalesce(campaigns.channel, 'Unassigned')

)

select * from final
