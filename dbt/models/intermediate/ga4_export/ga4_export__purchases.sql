{{ config(materialized='incremental', incremental_strategy='append') }}

with exported as (

    select * from {{ unseen(ref('stg_ga4_export__events')) }} as unseen
    -- Cookieless purchases belong to no session, as in the sessions.
    where
        transaction_id is not null
        and user_pseudo_id is not null
        and ga_session_id is not null
        and coalesce(debug_mode, 0) = 0

),

final as (

    select
        transaction_id as order_id,
        user_pseudo_id,
        ga_session_id,
        user_id_token as user_token,
        event_timestamp as reported_at,
        event_date,
        _load_seq
    from exported

)

select * from final
