{{ config(materialized='view') }}

with leads as (

    select * from {{ ref('int_leads') }}

),

-- A contact that was archived, or merged into another one, is no lead any more; fct_funnel counts those beside.
final as (

    select
        source,
        contact_id,
        stage,
        stage_order,
        entered_at,
        entered_date,
        created_at,
        email_token,
        lead_source,
        lead_source_detail,
        landing_page,
        utm_source,
        utm_medium,
        utm_campaign,
        click_id,
        click_id_type,
        channel,
        _load_seq,
        _made_at
    from leads
    where not is_archived and merged_into is null

)

select * from final
