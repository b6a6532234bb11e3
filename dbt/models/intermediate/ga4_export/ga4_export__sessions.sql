{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='session_key') }}
{%- set days = days_of_unseen(ref('stg_ga4_export__events'), 'event_date', around=2) %}

with exported as (

    select * from {{ ref('stg_ga4_export__events') }}
    -- Cookieless events have neither id: they form no session. No session lasts two days.
    where
        user_pseudo_id is not null and ga_session_id is not null and coalesce(debug_mode, 0) = 0
        {%- if is_incremental() %}
        and event_date between cast('{{ days[0] }}' as date) and cast('{{ days[1] }}' as date)
        {%- endif %}

),

{% if is_incremental() -%}
touched as (

    select distinct
        user_pseudo_id,
        ga_session_id
    from exported
    where _load_seq > {{ known_load_seq(this) }}

),
{%- endif %}

-- A touched session is built again from all of its events.
events as (

    select
        exported.*,
        exported.user_pseudo_id || '.' || cast(exported.ga_session_id as varchar) as session_key
    from exported
    {% if is_incremental() -%}
    inner join touched
        on
            exported.user_pseudo_id = touched.user_pseudo_id
            and exported.ga_session_id = touched.ga_session_id
    {%- endif %}

),

-- What an event says about where its session came from. Names in brackets are GA4's way to say that there is none.
clues as (

    select
        session_key,
        user_pseudo_id,
        ga_session_id,
        event_timestamp,
        event_date,
        event_name,
        user_id_token,
        transaction_id,
        engagement_time_msec,
        session_engaged,
        exported_at,
        _load_seq,
        page_location_host as page_host,
        page_location_host || coalesce(page_location_path, '') as page,
        coalesce(gclid, param_gclid, page_location_click_id) as click_id,
        case when coalesce(gclid, param_gclid) is not null then 'gclid' else page_location_click_id_type end
            as click_id_type,
        coalesce(manual_source, param_source, page_location_utm_source) as tagged_source,
        coalesce(manual_medium, param_medium, page_location_utm_medium) as tagged_medium,
        case
            when param_campaign in ('(direct)', '(organic)', '(referral)', '(not set)')
                then coalesce(manual_campaign_name, page_location_utm_campaign)
            else coalesce(manual_campaign_name, param_campaign, page_location_utm_campaign)
        end as tagged_campaign,
        page_location_utm_id as utm_id,
        page_location_campaign_id as param_campaign_id,
        page_location_ad_group_id as param_ad_group_id,
        page_location_ad_id as param_ad_id,
        case when page_referrer_host <> coalesce(page_location_host, '') then page_referrer_host end as referrer,
        row_number() over (
            partition by session_key
            order by event_timestamp, event_bundle_sequence_id nulls last, event_key
        ) as place
    from events

),

-- The first event with a tag or a click id decides; else the first foreign referrer; else nothing.
arrivals as (

    select
        *,
        min(case when coalesce(
            tagged_source, tagged_medium, tagged_campaign, click_id, utm_id, param_campaign_id
        ) is not null then place end)
            over (partition by session_key) as tagged_place,
        min(case when referrer is not null then place end) over (partition by session_key) as referred_place,
        min(case when page is not null then place end) over (partition by session_key) as landing_place,
        min(case when user_id_token is not null then place end) over (partition by session_key) as login_place
    from clues

),

sessions as (

    select
        session_key,
        user_pseudo_id,
        ga_session_id,
        min(event_timestamp) as started_at,
        max(event_timestamp) as ended_at,
        min(event_date) as session_date,
        count(*) as events,
        sum(case when event_name = 'page_view' then 1 else 0 end) as page_views,
        count(distinct transaction_id) as purchases,
        min(case when event_name = 'begin_checkout' then event_timestamp end) as checkout_at,
        min(case when event_name in ('generate_lead', 'form_submit') then event_timestamp end) as form_submitted_at,
        max(session_engaged) as engaged_flag,
        sum(coalesce(engagement_time_msec, 0)) as engagement_msec,
        max(case when place = tagged_place then tagged_source end) as tagged_source,
        max(case when place = tagged_place then tagged_medium end) as tagged_medium,
        max(case when place = tagged_place then tagged_campaign end) as campaign,
        max(case when place = tagged_place then click_id end) as click_id,
        max(case when place = tagged_place then click_id_type end) as click_id_type,
        max(case when place = tagged_place then utm_id end) as utm_id,
        max(case when place = tagged_place then param_campaign_id end) as param_campaign_id,
        max(case when place = tagged_place then param_ad_group_id end) as param_ad_group_id,
        max(case when place = tagged_place then param_ad_id end) as param_ad_id,
        max(case when place = referred_place then referrer end) as referrer,
        max(case when place = landing_place then page end) as landing_page,
        max(case when place = login_place then user_id_token end) as user_token,
        max(tagged_place) as tagged_place,
        max(exported_at) as exported_at,
        max(_load_seq) as _load_seq
    from arrivals
    group by session_key, user_pseudo_id, ga_session_id

),

final as (

    select
        'ga4_export' as origin,
        session_key,
        user_pseudo_id,
        ga_session_id,
        session_date,
        started_at,
        ended_at,
        cast(events as bigint) as events,
        cast(page_views as bigint) as page_views,
        cast(purchases as bigint) as purchases,
        checkout_at,
        form_submitted_at,
        coalesce(engaged_flag, 0) = 1 as engaged,
        cast(engagement_msec as bigint) as engagement_msec,
        case
            when tagged_place is not null then coalesce(
                tagged_source,
                case
                    when click_id_type in ('gclid', 'gbraid', 'wbraid', 'dclid') then 'google'
                    when click_id_type = 'fbclid' then 'facebook'
                    when click_id_type = 'msclkid' then 'bing'
                    when click_id_type = 'ttclid' then 'tiktok'
                end,
                referrer,
                '(not set)'
            )
            when referrer is not null then referrer
            else '(direct)'
        end as source,
        case
            when tagged_place is not null then coalesce(
                tagged_medium,
                case when click_id_type in ('gclid', 'gbraid', 'wbraid', 'dclid', 'msclkid', 'ttclid') then 'cpc' end
            )
            when referrer is not null then 'referral'
            else '(none)'
        end as medium,
        campaign,
        click_id,
        click_id_type,
        utm_id,
        param_campaign_id,
        param_ad_group_id,
        param_ad_id,
        landing_page,
        user_token,
        exported_at,
        _load_seq
    from sessions

)

select * from final
