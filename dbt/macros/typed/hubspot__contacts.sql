{# rendered from hubspot, sha256 0eecda72304930dc211a57898316744bfeb21a8e3acd77451700be4f7090408f; change the declaration, then run `plumbline render` #}

{% macro typed_hubspot__contacts(rows) %}{{ return(adapter.dispatch('typed_hubspot__contacts')(rows)) }}{% endmacro %}

{% macro duckdb__typed_hubspot__contacts(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"archived":"VARCHAR","createdAt":"TIMESTAMPTZ","id":"VARCHAR","properties_createdate":"TIMESTAMPTZ","properties_hs_analytics_first_timestamp":"TIMESTAMPTZ","properties_hs_analytics_first_url":"VARCHAR","properties_hs_analytics_source":"VARCHAR","properties_hs_analytics_source_data_1":"VARCHAR","properties_hs_analytics_source_data_2":"VARCHAR","properties_hs_facebook_click_id":"VARCHAR","properties_hs_google_click_id":"VARCHAR","properties_hs_lifecyclestage_customer_date":"TIMESTAMPTZ","properties_hs_lifecyclestage_evangelist_date":"TIMESTAMPTZ","properties_hs_lifecyclestage_lead_date":"TIMESTAMPTZ","properties_hs_lifecyclestage_marketingqualifiedlead_date":"TIMESTAMPTZ","properties_hs_lifecyclestage_opportunity_date":"TIMESTAMPTZ","properties_hs_lifecyclestage_other_date":"TIMESTAMPTZ","properties_hs_lifecyclestage_salesqualifiedlead_date":"TIMESTAMPTZ","properties_hs_lifecyclestage_subscriber_date":"TIMESTAMPTZ","properties_hs_merged_object_ids":"VARCHAR","properties_lifecyclestage":"VARCHAR","updatedAt":"TIMESTAMPTZ"}') as j,
        from_json(_tokens, '{"properties_email":"VARCHAR","properties_phone":"VARCHAR"}') as t
    from {{ rows }}
),

with_urls as (
    select
        *,
        j."properties_hs_analytics_first_url" as properties_hs_analytics_first_url_text
    from parsed
),

with_parameters as (
    select
        *,
        {{ url_parameters('properties_hs_analytics_first_url_text') }} as properties_hs_analytics_first_url_parameters
    from with_urls
),

final as (
    select
        j."id" as id,
        (j."createdAt" at time zone 'UTC') as createdat,
        (j."updatedAt" at time zone 'UTC') as updatedat,
        try_cast(j."archived" as boolean) as archived,
        t."properties_email" as properties_email_token,
        t."properties_phone" as properties_phone_token,
        j."properties_lifecyclestage" as properties_lifecyclestage,
        (j."properties_createdate" at time zone 'UTC') as properties_createdate,
        (j."properties_hs_lifecyclestage_subscriber_date" at time zone 'UTC') as properties_hs_lifecyclestage_subscriber_date,
        (j."properties_hs_lifecyclestage_lead_date" at time zone 'UTC') as properties_hs_lifecyclestage_lead_date,
        (j."properties_hs_lifecyclestage_marketingqualifiedlead_date" at time zone 'UTC') as properties_hs_lifecyclestage_marketingqualifiedlead_date,
        (j."properties_hs_lifecyclestage_salesqualifiedlead_date" at time zone 'UTC') as properties_hs_lifecyclestage_salesqualifiedlead_date,
        (j."properties_hs_lifecyclestage_opportunity_date" at time zone 'UTC') as properties_hs_lifecyclestage_opportunity_date,
        (j."properties_hs_lifecyclestage_customer_date" at time zone 'UTC') as properties_hs_lifecyclestage_customer_date,
        (j."properties_hs_lifecyclestage_evangelist_date" at time zone 'UTC') as properties_hs_lifecyclestage_evangelist_date,
        (j."properties_hs_lifecyclestage_other_date" at time zone 'UTC') as properties_hs_lifecyclestage_other_date,
        j."properties_hs_analytics_source" as properties_hs_analytics_source,
        j."properties_hs_analytics_source_data_1" as properties_hs_analytics_source_data_1,
        j."properties_hs_analytics_source_data_2" as properties_hs_analytics_source_data_2,
        {{ url_host('properties_hs_analytics_first_url_text') }} as properties_hs_analytics_first_url_host,
        {{ url_path('properties_hs_analytics_first_url_text') }} as properties_hs_analytics_first_url_path,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_source') }} as properties_hs_analytics_first_url_utm_source,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_medium') }} as properties_hs_analytics_first_url_utm_medium,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_campaign') }} as properties_hs_analytics_first_url_utm_campaign,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_term') }} as properties_hs_analytics_first_url_utm_term,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_content') }} as properties_hs_analytics_first_url_utm_content,
        {{ url_click_id('properties_hs_analytics_first_url_parameters') }} as properties_hs_analytics_first_url_click_id,
        {{ url_click_id_type('properties_hs_analytics_first_url_parameters') }} as properties_hs_analytics_first_url_click_id_type,
        (j."properties_hs_analytics_first_timestamp" at time zone 'UTC') as properties_hs_analytics_first_timestamp,
        j."properties_hs_google_click_id" as properties_hs_google_click_id,
        j."properties_hs_facebook_click_id" as properties_hs_facebook_click_id,
        j."properties_hs_merged_object_ids" as properties_hs_merged_object_ids,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from with_parameters
)

select * from final
{% endmacro %}

{% macro snowflake__typed_hubspot__contacts(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        try_parse_json(_airbyte_data) as j,
        try_parse_json(_tokens) as t
    from {{ rows }}
),

with_urls as (
    select
        *,
        j:"properties_hs_analytics_first_url"::varchar as properties_hs_analytics_first_url_text
    from parsed
),

with_parameters as (
    select
        *,
        {{ url_parameters('properties_hs_analytics_first_url_text') }} as properties_hs_analytics_first_url_parameters
    from with_urls
),

final as (
    select
        j:"id"::varchar as id,
        convert_timezone('UTC', try_to_timestamp_tz(j:"createdAt"::varchar))::timestamp_ntz as createdat,
        convert_timezone('UTC', try_to_timestamp_tz(j:"updatedAt"::varchar))::timestamp_ntz as updatedat,
        try_cast(j:"archived"::varchar as boolean) as archived,
        t:"properties_email"::varchar as properties_email_token,
        t:"properties_phone"::varchar as properties_phone_token,
        j:"properties_lifecyclestage"::varchar as properties_lifecyclestage,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_createdate"::varchar))::timestamp_ntz as properties_createdate,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_subscriber_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_subscriber_date,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_lead_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_lead_date,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_marketingqualifiedlead_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_marketingqualifiedlead_date,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_salesqualifiedlead_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_salesqualifiedlead_date,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_opportunity_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_opportunity_date,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_customer_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_customer_date,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_evangelist_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_evangelist_date,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_lifecyclestage_other_date"::varchar))::timestamp_ntz as properties_hs_lifecyclestage_other_date,
        j:"properties_hs_analytics_source"::varchar as properties_hs_analytics_source,
        j:"properties_hs_analytics_source_data_1"::varchar as properties_hs_analytics_source_data_1,
        j:"properties_hs_analytics_source_data_2"::varchar as properties_hs_analytics_source_data_2,
        {{ url_host('properties_hs_analytics_first_url_text') }} as properties_hs_analytics_first_url_host,
        {{ url_path('properties_hs_analytics_first_url_text') }} as properties_hs_analytics_first_url_path,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_source') }} as properties_hs_analytics_first_url_utm_source,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_medium') }} as properties_hs_analytics_first_url_utm_medium,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_campaign') }} as properties_hs_analytics_first_url_utm_campaign,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_term') }} as properties_hs_analytics_first_url_utm_term,
        {{ url_parameter('properties_hs_analytics_first_url_parameters', 'utm_content') }} as properties_hs_analytics_first_url_utm_content,
        {{ url_click_id('properties_hs_analytics_first_url_parameters') }} as properties_hs_analytics_first_url_click_id,
        {{ url_click_id_type('properties_hs_analytics_first_url_parameters') }} as properties_hs_analytics_first_url_click_id_type,
        convert_timezone('UTC', try_to_timestamp_tz(j:"properties_hs_analytics_first_timestamp"::varchar))::timestamp_ntz as properties_hs_analytics_first_timestamp,
        j:"properties_hs_google_click_id"::varchar as properties_hs_google_click_id,
        j:"properties_hs_facebook_click_id"::varchar as properties_hs_facebook_click_id,
        j:"properties_hs_merged_object_ids"::varchar as properties_hs_merged_object_ids,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from with_parameters
)

select * from final
{% endmacro %}
