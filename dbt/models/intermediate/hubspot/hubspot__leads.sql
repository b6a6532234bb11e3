{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['contact_id']
) }}

{% set stages = [
    'subscriber', 'lead', 'marketingqualifiedlead', 'salesqualifiedlead', 'opportunity', 'customer', 'evangelist',
    'other'
] %}

with versions as {{ inlined() }} (

    select * from {{ ref('stg_hubspot__contacts') }}

),

contacts as (

    select * from {{ ref('int_hubspot__contacts') }}

),

merged as {{ inlined() }} (

    select * from {{ ref('hubspot__merged_contacts') }}

),

{% if is_incremental() -%}
known as (

    select distinct
        contact_id,
        merged_into
    from {{ this }}

),

-- Contacts of which a version is new, or that were merged into another one since.
touched as (

    select id as contact_id
    from versions
    where id is not null and _load_seq > {{ known_load_seq(this) }}

    union distinct

    select known.contact_id
    from known
    left join merged on known.contact_id = merged.contact_id
    where known.merged_into is distinct from merged.merged_into

),
{%- endif %}

-- Whether HubSpot keeps the first or the latest entry after a re-entry is not documented: the earliest date that any
-- version of the contact ever showed is right in both cases.
first_dates as (

    select
        versions.id,
        {% for stage in stages -%}
        min(versions.properties_hs_lifecyclestage_{{ stage }}_date) as {{ stage }}_at{{ ',' if not loop.last }}
        {% endfor %}
    from versions
    {% if is_incremental() -%}
    inner join touched on versions.id = touched.contact_id
    {% endif -%}
    where versions.id is not null
    group by versions.id

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

made as (

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
        contacts._extracted_at as extracted_at,
        coalesce(contacts._load_seq, 0) as _load_seq,
        {{ made_at() }} as _made_at
    from entries
    left join contacts on entries.id = contacts.id
    left join merged on entries.id = merged.contact_id

),

{% if is_incremental() -%}
-- A contact without any stage now is a row of nothing but its key: the strategy removes what it had.
gone as (

    select touched.contact_id
    from touched
    left join made on touched.contact_id = made.contact_id
    where made.contact_id is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
