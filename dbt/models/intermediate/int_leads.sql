with leads as (

    {% for source in sources_providing('leads') -%}
    select
        source,
        contact_id,
        stage,
        stage_order,
        entered_at,
        created_at,
        is_archived,
        merged_into,
        email_token,
        lead_source,
        lead_source_detail,
        landing_page,
        utm_source,
        utm_medium,
        utm_campaign,
        click_id,
        click_id_type
    from {{ ref(source ~ '__leads') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Tags of the first visit say more than the CRM's own summary of it.
asked as (

    select
        *,
        coalesce(utm_source, lead_source) as traffic_source,
        utm_medium as traffic_medium,
        utm_campaign as traffic_campaign,
        cast(null as varchar) as campaign_type,
        {{ traffic_key('coalesce(utm_source, lead_source)', 'utm_medium', 'utm_campaign', 'click_id_type', 'null') }}
            as traffic_key
    from leads

),

channels as (

    {{ channels_of('asked') }}

),

final as (

    select
        asked.source,
        asked.contact_id,
        asked.stage,
        asked.stage_order,
        asked.entered_at,
        cast({{ to_zone('asked.entered_at', "'" ~ reporting_timezone() ~ "'") }} as date) as entered_date,
        asked.created_at,
        asked.is_archived,
        asked.merged_into,
        asked.email_token,
        asked.lead_source,
        asked.lead_source_detail,
        asked.landing_page,
        asked.utm_source,
        asked.utm_medium,
        asked.utm_campaign,
        asked.click_id,
        asked.click_id_type,
        coalesce(channels.channel, 'Unassigned') as channel
    from asked
    left join channels on asked.traffic_key = channels.traffic_key

)

select * from final
