{% set stages = [
    'subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer', 'evangelist',
    'other'
] %}

with versions as (

    select * from {{ ref('stg_hubspot__contacts') }}

),

contacts as (

    select * from {{ ref('int_hubspot__contacts') }}

),

merged as (

    select * from {{ ref('hubspot__merged_contacts') }}

),

-- Whether HubSpot keeps the first or the latest entry after a re-entry is not documented: the earliest date that any
-- version of the contact ever showed is right in both cases.
first_dates as (

    select
        id,
        {% for stage in stages -%}
        min(properties_hs_lifecyclestage_{{ stage }}_date) as {{ stage }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from versions
    where id is not null
    group by id

),

entries as (

    {% for stage in stages -%}
    select
        id,
        '{{ stage }}' as stage,
        {{ loop.index }} as stage_order,
        {{ stage }}_at as entered_at
    from first_dates
    where {{ stage }}_at is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

final as (

    select
        'hubspot' as source,
        entries.id as contact_id,
        entries.stage,
        entries.stage_order,
        entries.entered_at,
        contacts.createdat as created_at,
        coalesce(contacts.archived, false) as is_archived,
        merged.merged_into,
        contacts.properties_email_token as email_token,
        lower(contacts.properties_hs_analytics_source) as lead_source,
        contacts.properties_hs_analytics_source_data_1 as lead_source_detail,
        nullif(
            coalesce(contacts.properties_hs_analytics_first_url_host, '')
            || coalesce(contacts.properties_hs_analytics_first_url_path, ''),
            ''
        ) as landing_page,
        contacts.properties_hs_analytics_first_url_utm_source as utm_source,
        contacts.properties_hs_analytics_first_url_utm_medium as utm_medium,
        contacts.properties_hs_analytics_first_url_utm_campaign as utm_campaign,
        coalesce(
            contacts.properties_hs_google_click_id,
            contacts.properties_hs_facebook_click_id,
            contacts.properties_hs_analytics_first_url_click_id
        ) as click_id,
        case
            when contacts.properties_hs_google_click_id is not null then 'gclid'
            when contacts.properties_hs_facebook_click_id is not null then 'fbclid'
            else contacts.properties_hs_analytics_first_url_click_id_type
        end as click_id_type,
        contacts._extracted_at as extracted_at
    from entries
    left join contacts on entries.id = contacts.id
    left join merged on entries.id = merged.contact_id

)

select * from final
