with sessions as (

    {% for source in sources_providing('sessions') -%}
    select
        origin,
        session_key,
        user_pseudo_id,
        ga_session_id,
        session_date,
        started_at,
        ended_at,
        events,
        page_views,
        purchases,
        engaged,
        source,
        medium,
        campaign,
        click_id,
        click_id_type,
        landing_page,
        user_token,
        cast({{ to_zone('max(exported_at) over ()', "'" ~ timezone_of(source) ~ "'") }} as date) as exported_on
    from {{ ref(source ~ '__sessions') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

clicks as (

    {% for source in sources_providing('clicks') -%}
    select
        source as ad_source,
        click_id,
        click_id_type,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id
    from {{ ref(source ~ '__clicks') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

-- A click id names the campaign exactly; utm texts are only what somebody typed.
clicked as (

    select
        sessions.*,
        clicks.ad_source,
        clicks.account_id,
        clicks.campaign_id,
        clicks.ad_group_id,
        clicks.ad_id,
        campaigns.campaign_name,
        campaigns.campaign_type,
        sessions.source as traffic_source,
        sessions.medium as traffic_medium,
        coalesce(campaigns.campaign_name, sessions.campaign) as traffic_campaign,
        {{ traffic_key('sessions.source', 'sessions.medium', 'coalesce(campaigns.campaign_name, sessions.campaign)', 'sessions.click_id_type', 'campaigns.campaign_type') }}
            as traffic_key
    from sessions
    left join clicks
        on sessions.click_id = clicks.click_id and sessions.click_id_type = clicks.click_id_type
    left join campaigns
        on
            clicks.ad_source = campaigns.source
            and clicks.account_id = campaigns.account_id
            and clicks.campaign_id = campaigns.campaign_id

),

channels as (

    {{ channels_of('clicked') }}

),

final as (

    select
        clicked.origin,
        clicked.session_key,
        clicked.user_pseudo_id,
        clicked.ga_session_id,
        clicked.session_date,
        clicked.started_at,
        clicked.ended_at,
        clicked.events,
        clicked.page_views,
        clicked.purchases,
        clicked.engaged,
        clicked.source,
        clicked.medium,
        coalesce(clicked.campaign, clicked.campaign_name) as campaign,
        clicked.click_id,
        clicked.click_id_type,
        clicked.landing_page,
        clicked.user_token,
        coalesce(channels.channel, 'Unassigned') as channel,
        clicked.ad_source,
        clicked.account_id,
        clicked.campaign_id,
        clicked.ad_group_id,
        clicked.ad_id,
        -- Late events are exported for three more days: a day stands still four days later.
        clicked.session_date > {{ plus_days('clicked.exported_on', -4) }} as is_provisional
    from clicked
    left join channels on clicked.traffic_key = channels.traffic_key

)

select * from final
