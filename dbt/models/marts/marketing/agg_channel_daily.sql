with ad_performance as (

    select * from {{ ref('fct_ad_performance') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

-- Millions of visits become a few rows a day before anything else is done with them.
sessions as (

    select
        session_date,
        channel,
        count(*) as sessions,
        sum(case when is_provisional then 1 else 0 end) as provisional_sessions
    from {{ ref('fct_sessions') }}
    group by session_date, channel

),

leads as (

    select * from {{ ref('fct_leads') }}

),

orders as (

    select * from {{ ref('fct_orders') }}
    where not is_test

),

refunds as (

    select * from {{ ref('fct_refunds') }}
    where not is_test

),

-- Each fact brings its own columns and zeros for the others, so that their sum is a full outer join of days x channels.
parts as (

    select
        ad_performance.date,
        campaigns.channel,
        ad_performance.spend_reporting as spend,
        ad_performance.impressions,
        ad_performance.clicks,
        0 as sessions,
        0 as leads,
        0 as orders,
        0 as new_customers,
        0 as gross_sales,
        0 as discounts,
        0 as returns,
        case when ad_performance.is_provisional then 1 else 0 end as provisional_rows
    from ad_performance
    left join campaigns
        on
            ad_performance.source = campaigns.source
            and ad_performance.account_id = campaigns.account_id
            and ad_performance.campaign_id = campaigns.campaign_id

    union all

    select
        session_date as date,
        channel,
        0 as spend,
        0 as impressions,
        0 as clicks,
        sessions,
        0 as leads,
        0 as orders,
        0 as new_customers,
        0 as gross_sales,
        0 as discounts,
        0 as returns,
        provisional_sessions as provisional_rows
    from sessions

    union all

    select
        entered_date as date,
        channel,
        0 as spend,
        0 as impressions,
        0 as clicks,
        0 as sessions,
        1 as leads,
        0 as orders,
        0 as new_customers,
        0 as gross_sales,
        0 as discounts,
        0 as returns,
        0 as provisional_rows
    from leads
    where stage = 'lead'

    union all

    select
        order_date as date,
        channel,
        0 as spend,
        0 as impressions,
        0 as clicks,
        0 as sessions,
        0 as leads,
        1 as orders,
        case when is_new_customer then 1 else 0 end as new_customers,
        {{ money('gross_sales * fx_rate') }} as gross_sales,
        {{ money('discounts * fx_rate') }} as discounts,
        0 as returns,
        0 as provisional_rows
    from orders

    union all

    select
        refund_date as date,
        channel,
        0 as spend,
        0 as impressions,
        0 as clicks,
        0 as sessions,
        0 as leads,
        0 as orders,
        0 as new_customers,
        0 as gross_sales,
        0 as discounts,
        {{ money('subtotal * fx_rate') }} as returns,
        0 as provisional_rows
    from refunds

),

channel_days as (

    select
        date,
        coalesce(channel, 'Unassigned') as channel,
        {{ money('sum(spend)') }} as spend,
        cast(sum(impressions) as bigint) as impressions,
        cast(sum(clicks) as bigint) as clicks,
        cast(sum(sessions) as bigint) as sessions,
        cast(sum(leads) as bigint) as leads,
        cast(sum(orders) as bigint) as orders,
        cast(sum(new_customers) as bigint) as new_customers,
        {{ money('sum(gross_sales)') }} as gross_sales,
        {{ money('sum(discounts)') }} as discounts,
        {{ money('sum(returns)') }} as returns
    from parts
    group by date, coalesce(channel, 'Unassigned')

),

first_open_days as (

    select min(session_date) as date
    from sessions
    where provisional_sessions > 0

),

-- A day is provisional as a whole: a late session may yet appear in a channel that has no row today. So are all days
-- after the first whose sessions are open.
provisional_days as (

    select
        parts.date,
        sum(parts.provisional_rows) > 0 or coalesce(parts.date >= min(first_open_days.date), false) as is_provisional
    from parts
    cross join first_open_days
    group by parts.date

),

final as (

    select
        channel_days.date,
        channel_days.channel,
        '{{ reporting_currency() }}' as reporting_currency,
        channel_days.spend,
        channel_days.impressions,
        channel_days.clicks,
        channel_days.sessions,
        channel_days.leads,
        channel_days.orders,
        channel_days.new_customers,
        channel_days.gross_sales,
        channel_days.discounts,
        channel_days.returns,
        {{ money('channel_days.gross_sales - channel_days.discounts - channel_days.returns') }} as net_sales,
        {{ ratio('channel_days.spend', 'channel_days.new_customers') }} as blended_cac,
        {{ ratio('channel_days.gross_sales - channel_days.discounts - channel_days.returns', 'channel_days.spend') }}
            as blended_roas,
        provisional_days.is_provisional
    from channel_days
    left join provisional_days on channel_days.date = provisional_days.date

)

select * from final
