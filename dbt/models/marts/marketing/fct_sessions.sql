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
        checkout_at,
        form_submitted_at,
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
        coalesce(campaigns.campaign_name, sessions.campaign) as traffic_campaign
    from sessions
    left join clicks
        on sessions.click_id = clicks.click_id and sessions.click_id_type = clicks.click_id_type
    left join campaigns
        on
            clicks.ad_source = campaigns.source
            and clicks.account_id = campaigns.account_id
            and clicks.campaign_id = campaigns.campaign_id

),

keyed as (

    select
        *,
        {{ traffic_key('traffic_source', 'traffic_medium', 'traffic_campaign', 'click_id_type', 'campaign_type') }}
            as traffic_key
    from clicked

),

channels as (

    {{ channels_of('keyed') }}

),

final as (

    select
        keyed.origin,
        keyed.session_key,
        keyed.user_pseudo_id,
        keyed.ga_session_id,
        keyed.session_date,
        keyed.started_at,
        keyed.ended_at,
        keyed.events,
        keyed.page_views,
        keyed.purchases,
        keyed.checkout_at,
        keyed.form_submitted_at,
        keyed.engaged,
        keyed.source,
        keyed.medium,
        coalesce(keyed.campaign, keyed.campaign_name) as campaign,
        keyed.click_id,
        keyed.click_id_type,
        keyed.landing_page,
        keyed.user_token,
        coalesce(channels.channel, 'Unassigned') as channel,
        keyed.ad_source,
        keyed.account_id,
        keyed.campaign_id,
        keyed.ad_group_id,
        keyed.ad_id,
        -- Late events are exported for three more days: a day stands still four days later.
        keyed.session_date > {{ plus_days('keyed.exported_on', -4) }} as is_provisional
    from keyed
    left join channels on keyed.traffic_key = channels.traffic_key

)

select * from final
