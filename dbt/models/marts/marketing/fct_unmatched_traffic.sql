with sessions as {{ inlined() }} (

    select * from {{ ref('fct_sessions') }}

),

media as (

    select * from {{ ref('channel_media') }}

),

credits as (

    select * from {{ ref('fct_attribution') }}
    where model = 'linear' and conversion_type = 'order' and touch_id is not null

),

near as (

    select * from {{ ref('int_near_names') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

latest as (

    select max(session_date) as last_day from sessions

),

-- Somebody paid for the visit and no campaign is known, or no rule knows the traffic at all.
unmatched as (

    select
        sessions.session_key,
        sessions.session_date,
        sessions.channel,
        coalesce(lower(sessions.source), '') as traffic_source,
        coalesce(lower(sessions.medium), '') as traffic_medium,
        coalesce(sessions.tag_key, '') as tag_key,
        case
            when sessions.channel = 'Unassigned' then 'no rule of channel_rules'
            when sessions.tag_key is not null then 'no campaign of that name'
            when sessions.click_id is not null then 'click id that no platform reported'
            else 'no campaign in the tags'
        end as problem
    from sessions
    cross join latest
    left join media on sessions.channel = media.channel
    where
        sessions.campaign_id is null
        and sessions.session_date > {{ plus_days('latest.last_day', -work_list_days()) }}
        and (sessions.channel = 'Unassigned' or media.media = 'paid')

),

worth as (

    select
        touch_id,
        sum(case when entry_type = 'sale' then credit else 0 end) as orders,
        sum(revenue_cents) as revenue_cents
    from credits
    group by touch_id

),

listed as (

    select
        unmatched.problem,
        unmatched.channel,
        unmatched.traffic_source,
        unmatched.traffic_medium,
        unmatched.tag_key,
        count(*) as sessions,
        min(unmatched.session_date) as first_day,
        max(unmatched.session_date) as last_day,
        cast(coalesce(sum(worth.orders), 0) as decimal(38, 6)) as attributed_orders,
        {{ money('coalesce(sum(worth.revenue_cents), 0) * 0.01') }} as attributed_revenue
    from unmatched
    left join worth on unmatched.session_key = worth.touch_id
    group by
        unmatched.problem,
        unmatched.channel,
        unmatched.traffic_source,
        unmatched.traffic_medium,
        unmatched.tag_key

),

suggestions as (

    select *
    from near
    where likeness >= 0.2
    qualify row_number() over (
        partition by tag_key order by likeness desc, source, account_id, campaign_id
    ) = 1

),

final as (

    select
        row_number() over (
            order by
                listed.attributed_revenue desc, listed.sessions desc, listed.traffic_source, listed.traffic_medium,
                listed.tag_key, listed.channel, listed.problem
        ) as place,
        listed.problem,
        listed.channel,
        listed.traffic_source,
        listed.traffic_medium,
        listed.tag_key,
        listed.sessions,
        listed.first_day,
        listed.last_day,
        listed.attributed_orders,
        listed.attributed_revenue,
        suggestions.source as near_source,
        suggestions.account_id as near_account_id,
        suggestions.campaign_id as near_campaign_id,
        campaigns.campaign_name as near_campaign_name,
        suggestions.likeness
    from listed
    left join suggestions on listed.tag_key = suggestions.tag_key
    left join campaigns
        on
            suggestions.source = campaigns.source
            and suggestions.account_id = campaigns.account_id
            and suggestions.campaign_id = campaigns.campaign_id

)

select * from final
