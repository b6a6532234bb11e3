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

-- A figure of zero comes as a missing array, so a missing outbound count is zero where the account's day has any; an
-- account that never sends them has its link clicks counted.
measured as (

    select
        *,
        case
            when count(outbound_clicks) over (partition by account_id, date_start) > 0 then coalesce(outbound_clicks, 0)
            else coalesce(inline_link_clicks, 0)
        end as site_clicks
    from insights

),

-- Purchases come as one action tier, chosen in the declaration: the tiers overlap and are never added up.
final as (

    select
        'meta_ads' as source,
        measured.account_id,
        measured.account_name,
        ad_accounts.timezone_name as account_timezone,
        measured.campaign_id,
        measured.campaign_name,
        campaigns.effective_status as campaign_status,
        measured.objective as campaign_type,
        measured.adset_id as ad_group_id,
        measured.adset_name as ad_group_name,
        ad_sets.effective_status as ad_group_status,
        measured.ad_id,
        measured.ad_name,
        cast(null as varchar) as ad_type,
        ads.effective_status as ad_status,
        measured.date_start as date,
        measured.account_currency as currency,
        {{ money('coalesce(measured.spend, 0)') }} as spend,
        cast(coalesce(measured.impressions, 0) as bigint) as impressions,
        cast(measured.site_clicks as bigint) as clicks,
        cast(coalesce(measured.purchases, 0) as decimal(38, 6)) as platform_conversions,
        {{ money('coalesce(measured.purchase_value, 0)') }} as platform_conversion_value,
        cast(coalesce(measured.purchases_viewed, 0) as decimal(38, 6)) as platform_view_conversions,
        {{ money('coalesce(measured.purchase_value_viewed, 0)') }} as platform_view_conversion_value,
        false as is_remainder,
        measured._extracted_at as extracted_at,
        measured._load_seq
    from measured
    left join ad_accounts on measured.account_id = ad_accounts.account_id
    left join campaigns on measured.campaign_id = campaigns.id
    left join ad_sets on measured.adset_id = ad_sets.id
    left join ads on measured.ad_id = ads.id

)

select * from final
