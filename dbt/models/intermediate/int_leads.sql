{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['source', 'contact_id', 'stage']
) }}

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
        click_id_type,
        _load_seq,
        _made_at as lead_made_at
    from {{ ref(source ~ '__leads') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- What decides besides a lead itself: the rules that people edit.
decided_by as (

    select
        (select max(lead_made_at) from leads) as leads_to,
        (select {{ rules_fingerprint() }} from {{ ref('channel_rules') }}) as rules

),

{% if is_incremental() -%}
known as {{ inlined() }} (

    select
        source,
        contact_id,
        stage,
        _rules
    from {{ this }}

),

touched as (

    select
        source,
        contact_id,
        stage
    from leads
    where lead_made_at > {{ known_time('_leads_to') }}

    union distinct

    select
        known.source,
        known.contact_id,
        known.stage
    from known
    cross join decided_by
    where known._rules <> decided_by.rules

),
{%- endif %}

-- Tags of the first visit say more than the CRM's own summary of it.
asked as (

    select
        leads.*,
        coalesce(leads.utm_source, leads.lead_source) as traffic_source,
        leads.utm_medium as traffic_medium,
        leads.utm_campaign as traffic_campaign,
        cast(null as varchar) as campaign_type,
        {{ traffic_key(
            'coalesce(leads.utm_source, leads.lead_source)',
            'leads.utm_medium', 'leads.utm_campaign', 'leads.click_id_type', 'null'
        ) }} as traffic_key
    from leads
    {% if is_incremental() -%}
    inner join touched
        on leads.source = touched.source and leads.contact_id = touched.contact_id and leads.stage = touched.stage
    {%- endif %}

),

channels as (

    {{ channels_of('asked') }}

),

made as (

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
        coalesce(channels.channel, 'Unassigned') as channel,
        asked._load_seq,
        decided_by.leads_to as _leads_to,
        decided_by.rules as _rules,
        {{ made_at() }} as _made_at
    from asked
    cross join decided_by
    left join channels on asked.traffic_key = channels.traffic_key

),

{% if is_incremental() -%}
-- A stage that left is a row of nothing but its key: the strategy removes it.
gone as (

    select
        known.source,
        known.contact_id,
        known.stage
    from known
    left join leads
        on known.source = leads.source and known.contact_id = leads.contact_id and known.stage = leads.stage
    where leads.contact_id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
