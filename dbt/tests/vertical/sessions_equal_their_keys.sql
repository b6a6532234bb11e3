-- A session per browser and session id, and every one of its events counted once.
with exported as (

    select
        count(distinct user_pseudo_id || '.' || cast(ga_session_id as varchar)) as sessions,
        count(*) as events
    from {{ ref('stg_ga4_export__events') }}
    where user_pseudo_id is not null and ga_session_id is not null and coalesce(debug_mode, 0) = 0

),

mart as (

    select
        count(*) as sessions,
        coalesce(sum(events), 0) as events
    from {{ ref('fct_sessions') }}
    where origin = 'ga4_export'

),

final as (

    select
        exported.sessions,
        mart.sessions as sessions_in_mart,
        exported.events,
        mart.events as events_in_mart
    from exported
    cross join mart
    where exported.sessions <> mart.sessions or exported.events <> mart.events

)

select * from final
