with sessions as (

    select * from {{ ref('fct_sessions') }}

),

logins as (

    select * from {{ ref('int_id_map') }}
    where identifier_type = 'user_id'

),

browsers as (

    select * from {{ ref('int_id_map') }}
    where identifier_type = 'client_id'

),

media as (

    select * from {{ ref('channel_media') }}

),

shared as (

    select * from {{ source('identity', 'quarantine') }}
    where until is null and identifier_type = 'client_id'

),

-- The login of the visit names the person, else the browser. A visit without a login on a device that several people
-- share is nobody's but its own; a browser that met no identifier is a person of one browser.
final as (

    select
        sessions.session_key as touch_id,
        coalesce(
            logins.person_id,
            browsers.person_id,
            case when shared.identifier_token is not null then 'session:' || sessions.session_key end,
            'client_id:' || sessions.user_pseudo_id
        ) as person_id,
        case
            when logins.person_id is not null then 'login'
            when browsers.person_id is not null then 'browser'
            when shared.identifier_token is not null then 'shared browser'
            else 'unknown browser'
        end as known_by,
        sessions.started_at as touched_at,
        sessions.session_date as touched_on,
        'click' as touch_type,
        sessions.channel,
        coalesce(media.media, 'organic') as media,
        sessions.origin,
        sessions.source as traffic_source,
        sessions.medium as traffic_medium,
        sessions.campaign,
        sessions.click_id_type,
        sessions.ad_source,
        sessions.account_id,
        sessions.campaign_id,
        sessions.ad_group_id,
        sessions.ad_id,
        sessions.origin_rule,
        sessions.is_provisional
    from sessions
    left join logins on sessions.user_token = logins.token
    left join browsers on sessions.user_pseudo_id = browsers.token
    left join shared on sessions.user_pseudo_id = shared.identifier_token
    left join media on sessions.channel = media.channel

)

select * from final
