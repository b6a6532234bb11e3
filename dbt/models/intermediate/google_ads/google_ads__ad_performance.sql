with ad_rows as (

    select * from {{ ref('int_google_ads__ad_performance') }}

),

campaign_hours as (

    select * from {{ ref('int_google_ads__campaign') }}

),

account_rows as (

    select * from {{ ref('int_google_ads__account_performance_report') }}

),

-- One row per ad and day: network and device are summed away.
ad_days as (

    select
        customer_id,
        campaign_id,
        ad_group_id,
        ad_group_ad_ad_id as ad_id,
        segments_date,
        max(campaign_name) as campaign_name,
        max(campaign_status) as campaign_status,
        max(ad_group_name) as ad_group_name,
        max(ad_group_status) as ad_group_status,
        max(ad_group_ad_ad_name) as ad_name,
        max(ad_group_ad_ad_type) as ad_type,
        max(ad_group_ad_status) as ad_status,
        sum(metrics_cost_micros * 0.000001) as spend,
        sum(metrics_impressions) as impressions,
        sum(metrics_clicks) as clicks,
        sum(metrics_conversions) as conversions,
        sum(metrics_conversions_value) as conversion_value,
        max(_extracted_at) as extracted_at
    from ad_rows
    group by customer_id, campaign_id, ad_group_id, ad_group_ad_ad_id, segments_date

),

campaign_days as (

    select
        customer_id,
        campaign_id,
        segments_date,
        max(campaign_name) as campaign_name,
        max(campaign_status) as campaign_status,
        sum(metrics_cost_micros * 0.000001) as spend,
        sum(metrics_impressions) as impressions,
        sum(metrics_clicks) as clicks,
        sum(metrics_conversions) as conversions,
        sum(metrics_conversions_value) as conversion_value,
        max(_extracted_at) as extracted_at
    from campaign_hours
    group by customer_id, campaign_id, segments_date

),

ad_totals as (

    select
        customer_id,
        campaign_id,
        segments_date,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks,
        sum(conversions) as conversions,
        sum(conversion_value) as conversion_value
    from ad_days
    group by customer_id, campaign_id, segments_date

),

-- What a campaign cost beyond its ads. Performance Max has no ads, so all of it is here.
remainders as (

    select
        campaign_days.customer_id,
        campaign_days.campaign_id,
        campaign_days.segments_date,
        campaign_days.campaign_name,
        campaign_days.campaign_status,
        campaign_days.spend - coalesce(ad_totals.spend, 0) as spend,
        campaign_days.impressions - coalesce(ad_totals.impressions, 0) as impressions,
        campaign_days.clicks - coalesce(ad_totals.clicks, 0) as clicks,
        campaign_days.conversions - coalesce(ad_totals.conversions, 0) as conversions,
        campaign_days.conversion_value - coalesce(ad_totals.conversion_value, 0) as conversion_value,
        campaign_days.extracted_at
    from campaign_days
    left join ad_totals
        on
            campaign_days.customer_id = ad_totals.customer_id
            and campaign_days.campaign_id = ad_totals.campaign_id
            and campaign_days.segments_date = ad_totals.segments_date

),

combined as (

    select
        customer_id,
        campaign_id,
        ad_group_id,
        ad_id,
        segments_date,
        campaign_name,
        campaign_status,
        ad_group_name,
        ad_group_status,
        ad_name,
        ad_type,
        ad_status,
        false as is_remainder,
        spend,
        impressions,
        clicks,
        conversions,
        conversion_value,
        extracted_at
    from ad_days

    union all

    select
        customer_id,
        campaign_id,
        null as ad_group_id,
        null as ad_id,
        segments_date,
        campaign_name,
        campaign_status,
        null as ad_group_name,
        null as ad_group_status,
        null as ad_name,
        null as ad_type,
        null as ad_status,
        true as is_remainder,
        spend,
        impressions,
        clicks,
        conversions,
        conversion_value,
        extracted_at
    from remainders
    where spend <> 0 or impressions <> 0 or clicks <> 0 or conversions <> 0 or conversion_value <> 0

),

campaign_types as (

    select
        customer_id,
        campaign_id,
        max(campaign_advertising_channel_type) as campaign_type
    from campaign_hours
    group by customer_id, campaign_id

),

-- Zone and currency of an account never change at Google; its name may.
accounts as (

    select
        customer_id,
        max(customer_currency_code) as currency,
        max(customer_time_zone) as account_timezone
    from account_rows
    group by customer_id

),

-- An account day as it was last delivered: its name then, and the newest load of any stream that shapes it.
account_days as (

    select
        customer_id,
        segments_date,
        max(account_name) as account_name,
        max(load_seq) as load_seq
    from (
        select customer_id, segments_date, customer_descriptive_name as account_name, _load_seq as load_seq from ad_rows
        union all
        select customer_id, segments_date, null as account_name, _load_seq as load_seq from campaign_hours
        union all
        select customer_id, segments_date, customer_descriptive_name as account_name, _load_seq as load_seq
        from account_rows
    ) as deliveries
    group by customer_id, segments_date

),

final as (

    select
        'google_ads' as source,
        cast(combined.customer_id as varchar) as account_id,
        account_days.account_name,
        accounts.account_timezone,
        cast(combined.campaign_id as varchar) as campaign_id,
        combined.campaign_name,
        combined.campaign_status,
        campaign_types.campaign_type,
        cast(combined.ad_group_id as varchar) as ad_group_id,
        combined.ad_group_name,
        combined.ad_group_status,
        cast(combined.ad_id as varchar) as ad_id,
        combined.ad_name,
        combined.ad_type,
        combined.ad_status,
        combined.segments_date as date,
        accounts.currency,
        {{ money('combined.spend') }} as spend,
        cast(combined.impressions as bigint) as impressions,
        cast(combined.clicks as bigint) as clicks,
        cast(combined.conversions as decimal(38, 6)) as platform_conversions,
        {{ money('combined.conversion_value') }} as platform_conversion_value,
        cast(0 as decimal(38, 6)) as platform_view_conversions,
        {{ money('0') }} as platform_view_conversion_value,
        combined.is_remainder,
        combined.extracted_at,
        account_days.load_seq as _load_seq
    from combined
    left join accounts on combined.customer_id = accounts.customer_id
    left join account_days
        on combined.customer_id = account_days.customer_id and combined.segments_date = account_days.segments_date
    left join campaign_types
        on combined.customer_id = campaign_types.customer_id and combined.campaign_id = campaign_types.campaign_id

)

select * from final
