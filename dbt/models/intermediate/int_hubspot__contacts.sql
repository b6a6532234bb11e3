-- rendered from hubspot, sha256 0eecda72304930dc211a57898316744bfeb21a8e3acd77451700be4f7090408f; change the declaration, then run `plumbline render`
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=['id']) }}

{% if nothing_new(ref('stg_hubspot__contacts')) %}
select * from {{ this }} where false
{% else %}
with new_versions as (
    select
        id,
        createdat,
        updatedat,
        archived,
        properties_email_token,
        properties_phone_token,
        properties_lifecyclestage,
        properties_createdate,
        properties_hs_lifecyclestage_subscriber_date,
        properties_hs_lifecyclestage_lead_date,
        properties_hs_lifecyclestage_marketingqualifiedlead_date,
        properties_hs_lifecyclestage_salesqualifiedlead_date,
        properties_hs_lifecyclestage_opportunity_date,
        properties_hs_lifecyclestage_customer_date,
        properties_hs_lifecyclestage_evangelist_date,
        properties_hs_lifecyclestage_other_date,
        properties_hs_analytics_source,
        properties_hs_analytics_source_data_1,
        properties_hs_analytics_source_data_2,
        properties_hs_analytics_first_url_host,
        properties_hs_analytics_first_url_path,
        properties_hs_analytics_first_url_utm_source,
        properties_hs_analytics_first_url_utm_medium,
        properties_hs_analytics_first_url_utm_campaign,
        properties_hs_analytics_first_url_utm_term,
        properties_hs_analytics_first_url_utm_content,
        properties_hs_analytics_first_url_click_id,
        properties_hs_analytics_first_url_click_id_type,
        properties_hs_analytics_first_timestamp,
        properties_hs_google_click_id,
        properties_hs_facebook_click_id,
        properties_hs_merged_object_ids,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from {{ unseen(ref('stg_hubspot__contacts')) }} as unseen_rows
    where id is not null
),

candidates as (
    select * from new_versions
    {% if is_incremental() %}
    union all
    select
        id,
        createdat,
        updatedat,
        archived,
        properties_email_token,
        properties_phone_token,
        properties_lifecyclestage,
        properties_createdate,
        properties_hs_lifecyclestage_subscriber_date,
        properties_hs_lifecyclestage_lead_date,
        properties_hs_lifecyclestage_marketingqualifiedlead_date,
        properties_hs_lifecyclestage_salesqualifiedlead_date,
        properties_hs_lifecyclestage_opportunity_date,
        properties_hs_lifecyclestage_customer_date,
        properties_hs_lifecyclestage_evangelist_date,
        properties_hs_lifecyclestage_other_date,
        properties_hs_analytics_source,
        properties_hs_analytics_source_data_1,
        properties_hs_analytics_source_data_2,
        properties_hs_analytics_first_url_host,
        properties_hs_analytics_first_url_path,
        properties_hs_analytics_first_url_utm_source,
        properties_hs_analytics_first_url_utm_medium,
        properties_hs_analytics_first_url_utm_campaign,
        properties_hs_analytics_first_url_utm_term,
        properties_hs_analytics_first_url_utm_content,
        properties_hs_analytics_first_url_click_id,
        properties_hs_analytics_first_url_click_id_type,
        properties_hs_analytics_first_timestamp,
        properties_hs_google_click_id,
        properties_hs_facebook_click_id,
        properties_hs_merged_object_ids,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from {{ this }}
    where (id) in (select id from new_versions)
    {% endif %}
),

final as (
    select *
    from candidates
    qualify row_number() over (
        partition by id
        order by
            coalesce(updatedat, _extracted_at) desc nulls last,
            _extracted_at desc,
            _sync_id desc,
            _source_file desc,
            _source_row desc
    ) = 1
)

select * from final
{% endif %}
