with insights as (

    select * from {{ ref('int_meta_ads__ads_insights') }}

),

ad_accounts as (

    select * from {{ ref('int_meta_ads__ad_account') }}

),

campaigns as (

    select * from {{ ref('int_meta_ads__campaigns') }}

),

ad_sets as (

    select * from {{ ref('int_meta_ads__ad_sets') }}

),

ads as (

    select * from {{ ref('int_meta_ads__ads') }}

),

-- Clicks are visits to the site: outbound ones, link clicks where those are not sent; `clicks` of Meta counts reactions
-- too. Purchases come as one action tier, chosen in the declaration: the tiers overlap and are never added up.
final as (

    select
        'meta_ads' as source,
        insights.account_id,
        insights.account_name,
        ad_accounts.timezone_name as account_timezone,
        insights.campaign_id,
        insights.campaign_name,
        campaigns.effective_status as campaign_status,
        insights.objective as campaign_type,
        insights.adset_id as ad_group_id,
        insights.adset_name as ad_group_name,
        ad_sets.effective_status as ad_group_status,
        insights.ad_id,
        insights.ad_name,
        cast(null as varchar) as ad_type,
        ads.effective_status as ad_status,
        insights.date_start as date,
        insights.account_currency as currency,
        {{ money('coalesce(insights.spend, 0)') }} as spend,
        cast(coalesce(insights.impressions, 0) as bigint) as impressions,
        cast(coalesce(insights.outbound_clicks, insights.inline_link_clicks, 0) as bigint) as clicks,
        cast(coalesce(insights.purchases, 0) as decimal(38, 6)) as platform_conversions,
        {{ money('coalesce(insights.purchase_value, 0)') }} as platform_conversion_value,
        false as is_remainder,
        insights._extracted_at as extracted_at,
        insights._load_seq
    from insights
    left join ad_accounts on insights.account_id = ad_accounts.account_id
    left join campaigns on insights.campaign_id = campaigns.id
    left join ad_sets on insights.adset_id = ad_sets.id
    left join ads on insights.ad_id = ads.id

)

select * from final
