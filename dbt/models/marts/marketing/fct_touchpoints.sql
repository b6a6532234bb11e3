{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['touch_id']
) }}
{%- set sessions_to, people_to = known_time('_sessions_to'), known_time('_people_to') %}

with sessions as {{ inlined() }} (

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

media as {{ inlined() }} (

    select * from {{ ref('channel_media') }}

),

shared as (

    select * from {{ source('identity', 'quarantine') }}
    where until is null and identifier_type = 'client_id'

),

-- How far what decides has come: the sessions, and who is behind them.
decided_by as (

    select
        (select max(_made_at) from sessions) as sessions_to,
        {{ people_known_to() }} as people_to

),

{% if is_incremental() -%}
known as {{ inlined() }} (

    select * from {{ this }}

),

changed as (

    {{ identifiers_changed_since(people_to) }}

),

-- Visits whose day was made again, whose person changed, or whose channel counts as other media now.
touched as (

    select session_key
    from sessions
    where _made_at > {{ sessions_to }}

    union distinct

    select sessions.session_key
    from sessions
    inner join changed on changed.identifier_type = 'user_id' and sessions.user_token = changed.token

    union distinct

    select sessions.session_key
    from sessions
    inner join changed on changed.identifier_type = 'client_id' and sessions.user_pseudo_id = changed.token

    union distinct

    select known.touch_id as session_key
    from known
    inner join (
        select distinct
            known.channel,
            known.media
        from known
    ) as told
        on known.channel = told.channel
    left join media on told.channel = media.channel
    where told.media <> coalesce(media.media, 'organic')

),

-- Visits that left with a day that was made again, or with the whole day.
gone as (

    select known.touch_id
    from known
    inner join (
        select
            origin,
            touched_on
        from known
        group by origin, touched_on
        except
        select
            origin,
            session_date
        from sessions
        group by origin, session_date
        having max(_made_at) <= {{ sessions_to }}
    ) as days
        on known.origin = days.origin and known.touched_on = days.touched_on
    left join sessions on known.touch_id = sessions.session_key
    where sessions.session_key is null

),
{%- endif %}

-- The login of the visit names the person, else the browser. A visit without a login on a device that several people
-- share is nobody's but its own; a browser that met no identifier is a person of one browser.
made as (

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
        sessions.is_provisional,
        sessions._load_seq,
        decided_by.sessions_to as _sessions_to,
        decided_by.people_to as _people_to,
        {{ made_at() }} as _made_at
    from sessions
    cross join decided_by
    {% if is_incremental() -%}
    inner join touched on sessions.session_key = touched.session_key
    {% endif -%}
    left join logins on sessions.user_token = logins.token
    left join browsers on sessions.user_pseudo_id = browsers.token
    left join shared on sessions.user_pseudo_id = shared.identifier_token
    left join media on sessions.channel = media.channel

),

final as (

    {{ made_and_gone() }}

)

select * from final
