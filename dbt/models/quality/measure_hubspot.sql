-- rendered from hubspot, sha256 0eecda72304930dc211a57898316744bfeb21a8e3acd77451700be4f7090408f; change the declaration, then run `plumbline render`
{% if nothing_to_measure('hubspot') %}
select * from {{ this }} where false
{% else %}
{%- set told_from = first_day_to_tell('hubspot', 2) %}
with ledger as (
    select
        window_start,
        window_end,
        stream,
        sync_id,
        load_seq,
        "rows" as object_rows
    from {{ source('plumbline', 'load_ledger') }}
    where source = 'hubspot'
),

pending as (
    {{ windows_to_measure('hubspot') }}
),

batches as (
    select
        ledger.stream,
        pending.window_start,
        pending.window_end,
        ledger.sync_id,
        sum(ledger.object_rows) as sync_rows
    from ledger
    inner join pending on ledger.window_start = pending.window_start and ledger.window_end = pending.window_end
    group by ledger.stream, pending.window_start, pending.window_end, ledger.sync_id
    qualify row_number() over (
        partition by ledger.stream, pending.window_start, pending.window_end
        order by max(ledger.load_seq) desc, ledger.sync_id desc
    ) = 1
),

contacts_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('hubspot', 'contacts') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'contacts'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

contacts_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('hubspot', 'contacts') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'contacts'
    group by batches.window_start, batches.window_end
),

contacts_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from contacts_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

contacts_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.id as varchar)) as "distinct_keys",
        sum(case when typed.id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.createdat) as "nulls:createdAt",
        count(*) - count(typed.updatedat) as "nulls:updatedAt",
        count(*) - count(typed.archived) as "nulls:archived",
        count(*) - count(typed.properties_email_token) as "nulls:properties_email",
        count(*) - count(typed.properties_phone_token) as "nulls:properties_phone",
        count(*) - count(typed.properties_lifecyclestage) as "nulls:properties_lifecyclestage",
        count(*) - count(typed.properties_createdate) as "nulls:properties_createdate",
        count(*) - count(typed.properties_hs_lifecyclestage_subscriber_date) as "nulls:properties_hs_lifecyclestage_subscriber_date",
        count(*) - count(typed.properties_hs_lifecyclestage_lead_date) as "nulls:properties_hs_lifecyclestage_lead_date",
        count(*) - count(typed.properties_hs_lifecyclestage_marketingqualifiedlead_date) as "nulls:properties_hs_lifecyclestage_marketingqualifiedlead_date",
        count(*) - count(typed.properties_hs_lifecyclestage_salesqualifiedlead_date) as "nulls:properties_hs_lifecyclestage_salesqualifiedlead_date",
        count(*) - count(typed.properties_hs_lifecyclestage_opportunity_date) as "nulls:properties_hs_lifecyclestage_opportunity_date",
        count(*) - count(typed.properties_hs_lifecyclestage_customer_date) as "nulls:properties_hs_lifecyclestage_customer_date",
        count(*) - count(typed.properties_hs_lifecyclestage_evangelist_date) as "nulls:properties_hs_lifecyclestage_evangelist_date",
        count(*) - count(typed.properties_hs_lifecyclestage_other_date) as "nulls:properties_hs_lifecyclestage_other_date",
        count(*) - count(typed.properties_hs_analytics_source) as "nulls:properties_hs_analytics_source",
        count(*) - count(typed.properties_hs_analytics_source_data_1) as "nulls:properties_hs_analytics_source_data_1",
        count(*) - count(typed.properties_hs_analytics_source_data_2) as "nulls:properties_hs_analytics_source_data_2",
        count(*) - count(typed.properties_hs_analytics_first_url_path) as "nulls:properties_hs_analytics_first_url",
        count(*) - count(typed.properties_hs_analytics_first_timestamp) as "nulls:properties_hs_analytics_first_timestamp",
        count(*) - count(typed.properties_hs_google_click_id) as "nulls:properties_hs_google_click_id",
        count(*) - count(typed.properties_hs_facebook_click_id) as "nulls:properties_hs_facebook_click_id",
        count(*) - count(typed.properties_hs_merged_object_ids) as "nulls:properties_hs_merged_object_ids"
    from {{ ref('stg_hubspot__contacts') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'contacts'
    group by batches.window_start, batches.window_end
),

contacts_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.createdat is null and {{ payload_holds('delivered._airbyte_data', ['createdAt']) }} then 1 else 0 end) as "uncastable:createdAt",
        sum(case when typed.updatedat is null and {{ payload_holds('delivered._airbyte_data', ['updatedAt']) }} then 1 else 0 end) as "uncastable:updatedAt",
        sum(case when typed.archived is null and {{ payload_holds('delivered._airbyte_data', ['archived']) }} then 1 else 0 end) as "uncastable:archived",
        sum(case when typed.properties_createdate is null and {{ payload_holds('delivered._airbyte_data', ['properties_createdate']) }} then 1 else 0 end) as "uncastable:properties_createdate",
        sum(case when typed.properties_hs_lifecyclestage_subscriber_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_subscriber_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_subscriber_date",
        sum(case when typed.properties_hs_lifecyclestage_lead_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_lead_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_lead_date",
        sum(case when typed.properties_hs_lifecyclestage_marketingqualifiedlead_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_marketingqualifiedlead_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_marketingqualifiedlead_date",
        sum(case when typed.properties_hs_lifecyclestage_salesqualifiedlead_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_salesqualifiedlead_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_salesqualifiedlead_date",
        sum(case when typed.properties_hs_lifecyclestage_opportunity_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_opportunity_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_opportunity_date",
        sum(case when typed.properties_hs_lifecyclestage_customer_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_customer_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_customer_date",
        sum(case when typed.properties_hs_lifecyclestage_evangelist_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_evangelist_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_evangelist_date",
        sum(case when typed.properties_hs_lifecyclestage_other_date is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_lifecyclestage_other_date']) }} then 1 else 0 end) as "uncastable:properties_hs_lifecyclestage_other_date",
        sum(case when typed.properties_hs_analytics_first_timestamp is null and {{ payload_holds('delivered._airbyte_data', ['properties_hs_analytics_first_timestamp']) }} then 1 else 0 end) as "uncastable:properties_hs_analytics_first_timestamp"
    from {{ ref('stg_hubspot__contacts') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'contacts'
    inner join {{ source('hubspot', 'contacts') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.createdat is null
        or typed.updatedat is null
        or typed.archived is null
        or typed.properties_createdate is null
        or typed.properties_hs_lifecyclestage_subscriber_date is null
        or typed.properties_hs_lifecyclestage_lead_date is null
        or typed.properties_hs_lifecyclestage_marketingqualifiedlead_date is null
        or typed.properties_hs_lifecyclestage_salesqualifiedlead_date is null
        or typed.properties_hs_lifecyclestage_opportunity_date is null
        or typed.properties_hs_lifecyclestage_customer_date is null
        or typed.properties_hs_lifecyclestage_evangelist_date is null
        or typed.properties_hs_lifecyclestage_other_date is null
        or typed.properties_hs_analytics_first_timestamp is null
    group by batches.window_start, batches.window_end
),

contacts_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:id" as decimal(38, 6)) as "nulls:id",
        cast(counted."nulls:createdAt" as decimal(38, 6)) as "nulls:createdAt",
        cast(counted."nulls:updatedAt" as decimal(38, 6)) as "nulls:updatedAt",
        cast(counted."nulls:archived" as decimal(38, 6)) as "nulls:archived",
        cast(counted."nulls:properties_email" as decimal(38, 6)) as "nulls:properties_email",
        cast(counted."nulls:properties_phone" as decimal(38, 6)) as "nulls:properties_phone",
        cast(counted."nulls:properties_lifecyclestage" as decimal(38, 6)) as "nulls:properties_lifecyclestage",
        cast(counted."nulls:properties_createdate" as decimal(38, 6)) as "nulls:properties_createdate",
        cast(counted."nulls:properties_hs_lifecyclestage_subscriber_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_subscriber_date",
        cast(counted."nulls:properties_hs_lifecyclestage_lead_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_lead_date",
        cast(counted."nulls:properties_hs_lifecyclestage_marketingqualifiedlead_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_marketingqualifiedlead_date",
        cast(counted."nulls:properties_hs_lifecyclestage_salesqualifiedlead_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_salesqualifiedlead_date",
        cast(counted."nulls:properties_hs_lifecyclestage_opportunity_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_opportunity_date",
        cast(counted."nulls:properties_hs_lifecyclestage_customer_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_customer_date",
        cast(counted."nulls:properties_hs_lifecyclestage_evangelist_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_evangelist_date",
        cast(counted."nulls:properties_hs_lifecyclestage_other_date" as decimal(38, 6)) as "nulls:properties_hs_lifecyclestage_other_date",
        cast(counted."nulls:properties_hs_analytics_source" as decimal(38, 6)) as "nulls:properties_hs_analytics_source",
        cast(counted."nulls:properties_hs_analytics_source_data_1" as decimal(38, 6)) as "nulls:properties_hs_analytics_source_data_1",
        cast(counted."nulls:properties_hs_analytics_source_data_2" as decimal(38, 6)) as "nulls:properties_hs_analytics_source_data_2",
        cast(counted."nulls:properties_hs_analytics_first_url" as decimal(38, 6)) as "nulls:properties_hs_analytics_first_url",
        cast(counted."nulls:properties_hs_analytics_first_timestamp" as decimal(38, 6)) as "nulls:properties_hs_analytics_first_timestamp",
        cast(counted."nulls:properties_hs_google_click_id" as decimal(38, 6)) as "nulls:properties_hs_google_click_id",
        cast(counted."nulls:properties_hs_facebook_click_id" as decimal(38, 6)) as "nulls:properties_hs_facebook_click_id",
        cast(counted."nulls:properties_hs_merged_object_ids" as decimal(38, 6)) as "nulls:properties_hs_merged_object_ids",
        cast(uncastable."uncastable:createdAt" as decimal(38, 6)) as "uncastable:createdAt",
        cast(uncastable."uncastable:updatedAt" as decimal(38, 6)) as "uncastable:updatedAt",
        cast(uncastable."uncastable:archived" as decimal(38, 6)) as "uncastable:archived",
        cast(uncastable."uncastable:properties_createdate" as decimal(38, 6)) as "uncastable:properties_createdate",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_subscriber_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_subscriber_date",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_lead_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_lead_date",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_marketingqualifiedlead_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_marketingqualifiedlead_date",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_salesqualifiedlead_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_salesqualifiedlead_date",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_opportunity_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_opportunity_date",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_customer_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_customer_date",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_evangelist_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_evangelist_date",
        cast(uncastable."uncastable:properties_hs_lifecyclestage_other_date" as decimal(38, 6)) as "uncastable:properties_hs_lifecyclestage_other_date",
        cast(uncastable."uncastable:properties_hs_analytics_first_timestamp" as decimal(38, 6)) as "uncastable:properties_hs_analytics_first_timestamp"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'contacts'
    left join contacts_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join contacts_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join contacts_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join contacts_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

contacts_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from contacts_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:createdAt",
        "nulls:updatedAt",
        "nulls:archived",
        "nulls:properties_email",
        "nulls:properties_phone",
        "nulls:properties_lifecyclestage",
        "nulls:properties_createdate",
        "nulls:properties_hs_lifecyclestage_subscriber_date",
        "nulls:properties_hs_lifecyclestage_lead_date",
        "nulls:properties_hs_lifecyclestage_marketingqualifiedlead_date",
        "nulls:properties_hs_lifecyclestage_salesqualifiedlead_date",
        "nulls:properties_hs_lifecyclestage_opportunity_date",
        "nulls:properties_hs_lifecyclestage_customer_date",
        "nulls:properties_hs_lifecyclestage_evangelist_date",
        "nulls:properties_hs_lifecyclestage_other_date",
        "nulls:properties_hs_analytics_source",
        "nulls:properties_hs_analytics_source_data_1",
        "nulls:properties_hs_analytics_source_data_2",
        "nulls:properties_hs_analytics_first_url",
        "nulls:properties_hs_analytics_first_timestamp",
        "nulls:properties_hs_google_click_id",
        "nulls:properties_hs_facebook_click_id",
        "nulls:properties_hs_merged_object_ids",
        "uncastable:createdAt",
        "uncastable:updatedAt",
        "uncastable:archived",
        "uncastable:properties_createdate",
        "uncastable:properties_hs_lifecyclestage_subscriber_date",
        "uncastable:properties_hs_lifecyclestage_lead_date",
        "uncastable:properties_hs_lifecyclestage_marketingqualifiedlead_date",
        "uncastable:properties_hs_lifecyclestage_salesqualifiedlead_date",
        "uncastable:properties_hs_lifecyclestage_opportunity_date",
        "uncastable:properties_hs_lifecyclestage_customer_date",
        "uncastable:properties_hs_lifecyclestage_evangelist_date",
        "uncastable:properties_hs_lifecyclestage_other_date",
        "uncastable:properties_hs_analytics_first_timestamp"
    ))
),

contacts_keys as (
    {{ key_counts('contacts_raw') }}
),

contacts_declared as (
    select key_name from (values ('id'), ('createdAt'), ('updatedAt'), ('archived'), ('properties_email'), ('properties_phone'), ('properties_firstname'), ('properties_lastname'), ('properties_address'), ('properties_lifecyclestage'), ('properties_createdate'), ('properties_hs_lifecyclestage_subscriber_date'), ('properties_hs_lifecyclestage_lead_date'), ('properties_hs_lifecyclestage_marketingqualifiedlead_date'), ('properties_hs_lifecyclestage_salesqualifiedlead_date'), ('properties_hs_lifecyclestage_opportunity_date'), ('properties_hs_lifecyclestage_customer_date'), ('properties_hs_lifecyclestage_evangelist_date'), ('properties_hs_lifecyclestage_other_date'), ('properties_hs_analytics_source'), ('properties_hs_analytics_source_data_1'), ('properties_hs_analytics_source_data_2'), ('properties_hs_analytics_first_url'), ('properties_hs_analytics_first_timestamp'), ('properties_hs_google_click_id'), ('properties_hs_facebook_click_id'), ('properties_hs_merged_object_ids')) as declared (key_name)
),

contacts_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join contacts_declared as declared
    left join contacts_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from contacts_keys
    where payload_key not in (select key_name from contacts_declared)
),

contacts_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('hubspot', 'contacts') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'contacts'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

contacts_nulled as (
    {{ nulled_counts('contacts_changes') }}
),

contacts_measured as (
    select window_start, window_end, 'contacts' as model, sync_id, metric, field, value
    from contacts_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'contacts' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from contacts_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from contacts_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'contacts'
),

contacts_count_by_day_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('hubspot', 'contacts_count_by_day') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'contacts_count_by_day'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

contacts_count_by_day_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('hubspot', 'contacts_count_by_day') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'contacts_count_by_day'
    group by batches.window_start, batches.window_end
),

contacts_count_by_day_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from contacts_count_by_day_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

contacts_count_by_day_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.created_on as varchar)) as "distinct_keys",
        sum(case when typed.created_on is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.created_on) as "nulls:created_on",
        count(*) - count(typed.contacts) as "nulls:contacts"
    from {{ ref('stg_hubspot__contacts_count_by_day') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'contacts_count_by_day'
    group by batches.window_start, batches.window_end
),

contacts_count_by_day_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.created_on is null and {{ payload_holds('delivered._airbyte_data', ['created_on']) }} then 1 else 0 end) as "uncastable:created_on",
        sum(case when typed.contacts is null and {{ payload_holds('delivered._airbyte_data', ['contacts']) }} then 1 else 0 end) as "uncastable:contacts"
    from {{ ref('stg_hubspot__contacts_count_by_day') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'contacts_count_by_day'
    inner join {{ source('hubspot', 'contacts_count_by_day') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.created_on is null
        or typed.contacts is null
    group by batches.window_start, batches.window_end
),

contacts_count_by_day_wide as (
    select
        pending.window_start,
        pending.window_end,
        batches.sync_id,
        cast(batches.sync_rows as decimal(38, 6)) as "sync_rows",
        cast(contents.duplicate_rows as decimal(38, 6)) as "duplicate_rows",
        cast(objects.duplicate_objects as decimal(38, 6)) as "duplicate_objects",
        cast(counted."rows" as decimal(38, 6)) as "rows",
        cast(counted."distinct_keys" as decimal(38, 6)) as "distinct_keys",
        cast(counted."null_keys" as decimal(38, 6)) as "null_keys",
        cast(counted."nulls:created_on" as decimal(38, 6)) as "nulls:created_on",
        cast(counted."nulls:contacts" as decimal(38, 6)) as "nulls:contacts",
        cast(uncastable."uncastable:created_on" as decimal(38, 6)) as "uncastable:created_on",
        cast(uncastable."uncastable:contacts" as decimal(38, 6)) as "uncastable:contacts"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'contacts_count_by_day'
    left join contacts_count_by_day_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join contacts_count_by_day_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join contacts_count_by_day_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join contacts_count_by_day_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

contacts_count_by_day_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from contacts_count_by_day_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:created_on",
        "nulls:contacts",
        "uncastable:created_on",
        "uncastable:contacts"
    ))
),

contacts_count_by_day_keys as (
    {{ key_counts('contacts_count_by_day_raw') }}
),

contacts_count_by_day_declared as (
    select key_name from (values ('created_on'), ('contacts')) as declared (key_name)
),

contacts_count_by_day_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join contacts_count_by_day_declared as declared
    left join contacts_count_by_day_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from contacts_count_by_day_keys
    where payload_key not in (select key_name from contacts_count_by_day_declared)
),

contacts_count_by_day_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('hubspot', 'contacts_count_by_day') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'contacts_count_by_day'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

contacts_count_by_day_nulled as (
    {{ nulled_counts('contacts_count_by_day_changes') }}
),

contacts_count_by_day_measured as (
    select window_start, window_end, 'contacts_count_by_day' as model, sync_id, metric, field, value
    from contacts_count_by_day_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'contacts_count_by_day' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from contacts_count_by_day_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from contacts_count_by_day_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'contacts_count_by_day'
),

measured as (
    select * from contacts_measured
    union all
    select * from contacts_count_by_day_measured
),

null_history as (
    select model, field, window_start, window_end, nulls, batch_rows
    from (
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from measured as n
        inner join measured as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and r.metric = 'rows'
        where n.metric = 'nulls'
        {% if is_incremental() %}
        union all
        select
            n.model,
            n.field,
            n.window_start,
            n.window_end,
            n.value as nulls,
            r.value as batch_rows
        from {{ this }} as n
        inner join {{ this }} as r
            on n.model = r.model and n.window_start = r.window_start and n.window_end = r.window_end
            and n.load_seq = r.load_seq and r.metric = 'rows'
        where n.metric = 'nulls'
            and n.window_end > (select {{ dbt.dateadd('day', -28, 'min(window_start)') }} from pending)
            and not exists (
                select 1
                from pending
                where pending.window_start = n.window_start and pending.window_end = n.window_end
            )
        qualify n.load_seq = max(n.load_seq) over (partition by n.model, n.window_start, n.window_end)
        {% endif %}
    ) as known
),

null_baselines as (
    select
        judged.model,
        judged.field,
        judged.window_start,
        judged.window_end,
        sum(earlier.nulls) as nulls_before,
        sum(earlier.batch_rows) as rows_before
    from null_history as judged
    inner join pending on judged.window_start = pending.window_start and judged.window_end = pending.window_end
    inner join null_history as earlier
        on judged.model = earlier.model and judged.field = earlier.field
        and earlier.window_end <= judged.window_start
        and earlier.window_end > {{ dbt.dateadd('day', -28, 'judged.window_start') }}
    group by judged.model, judged.field, judged.window_start, judged.window_end
),

batch_figures as (
    select
        measured.window_start,
        measured.window_end,
        measured.model,
        '' as account,
        cast(null as date) as day,
        measured.metric,
        measured.field,
        cast(coalesce(measured.value, 0) as decimal(38, 6)) as value,
        cast(baselines.nulls_before / nullif(baselines.rows_before, 0) as decimal(38, 6)) as baseline,
        case when measured.metric = 'nulls' then cast(coalesce(baselines.rows_before, 0) as bigint) end as baseline_n,
        '' as detail,
        measured.sync_id
    from measured
    left join null_baselines as baselines
        on measured.metric = 'nulls' and measured.model = baselines.model and measured.field = baselines.field
        and measured.window_start = baselines.window_start and measured.window_end = baselines.window_end
),

contacts_ours as (
    select account, day, sum(value) as value, max(sync_id) as sync_id
    from (
        select '' as account, cast(side.createdat as date) as day, sum(cast(1 as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_hubspot__contacts') }} as side
        where side.createdat >= cast('{{ told_from }}' as date)
        group by '', cast(side.createdat as date)
    ) as parts
    where day is not null
    group by account, day
),

contacts_theirs as (
    select '' as account, side.created_on as day, sum(cast(coalesce(side.contacts, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_hubspot__contacts_count_by_day') }} as side
        group by '', side.created_on
),

contacts_uncounted as (
    select account, day, bucket, sum(value) as value, count(*) as bucket_rows
    from (
        select
            '' as account,
            cast(side.createdat as date) as day,
            case when cast(1 as decimal(38, 9)) = cast(1 as decimal(38, 9)) then 'duplicates_removed' else 'superseded_versions' end as bucket,
            cast(1 as decimal(38, 9)) as value
        from {{ ref('stg_hubspot__contacts') }} as side
        inner join {{ ref('int_hubspot__contacts') }} as kept
            on side.id = kept.id and side._sync_id = kept._sync_id
            and (side._source_file <> kept._source_file or side._source_row <> kept._source_row)
        where side._sync_id in (select sync_id from batches where stream = 'contacts')

    ) as rows_beside
    group by account, day, bucket
),

contacts_sides as (
    select account, day, 'reconcile_ours' as metric, value from contacts_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from contacts_theirs
    where day is not null
),

-- Every day of the look-back is told anew, because the sync may have changed it; a check reads those of its window.
-- Days before the first that the control ever stated have nothing to be compared with.
contacts_days as (
    select pending.window_start, pending.window_end, keys.account, keys.day
    from pending
    inner join (select distinct account, day from contacts_sides) as keys
        on keys.day >= {{ plus_days('cast(pending.window_start as date)', -2) }}
        and cast({{ dbt.dateadd('day', 1, 'keys.day') }} as timestamp) <= pending.window_end
    where
        keys.day >= cast(pending.window_start as date)
        or keys.day >= (select min(day) from contacts_theirs)
),

contacts_told as (
    select
        days.*,
        metrics.metric,
        coalesce(sides.value, 0) * 1 as value,
        cast(null as bigint) as value_rows,
        case when sides.value is null then 'no rows on this side' else '' end as detail
    from contacts_days as days
    cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    left join contacts_sides as sides
        on days.account = sides.account and days.day = sides.day and metrics.metric = sides.metric
    union all
    -- The first load of the sync that spoke last: marts that hold less are older than these rows.
    select
        days.*,
        'reconcile_loaded' as metric,
        first_loads.load_seq as value,
        cast(null as bigint) as value_rows,
        '' as detail
    from contacts_days as days
    inner join contacts_ours as ours on days.account = ours.account and days.day = ours.day
    inner join (select sync_id, min(load_seq) as load_seq from ledger group by sync_id) as first_loads
        on ours.sync_id = first_loads.sync_id
    union all
    select
        days.*,
        'reconcile_' || beside.bucket as metric,
        beside.value * 1 as value,
        beside.bucket_rows as value_rows,
        '' as detail
    from contacts_days as days
    inner join contacts_uncounted as beside on days.account = beside.account and days.day = beside.day
),

contacts_reconciled as (
    select
        window_start,
        window_end,
        'contacts' as model,
        account,
        day,
        metric,
        'rows' as field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(value_rows as bigint) as baseline_n,
        detail,
        cast(null as bigint) as sync_id
    from contacts_told
),

contacts_count_by_day_delivered as (
    select
        created_on,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_hubspot__contacts_count_by_day') }}
    where created_on is not null
    group by created_on, _sync_id
),

contacts_count_by_day_syncs as (
    select
        min(created_on) as first_day,
        max(created_on) as last_day,
        {{ plus_days('max(created_on)', -2) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from contacts_count_by_day_delivered
    group by _sync_id
),

contacts_count_by_day_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.created_on
    from batches
    inner join contacts_count_by_day_syncs as judged on judged._sync_id = batches.sync_id
    inner join contacts_count_by_day_delivered as days
        on days.created_on between judged.first_day and judged.last_day
        and days.created_on < cast(batches.window_start as date)
    where batches.stream = 'contacts_count_by_day'
),

contacts_count_by_day_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.created_on
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from contacts_count_by_day_closed as closed
        inner join contacts_count_by_day_syncs as syncs
            on closed.created_on between syncs.first_day and syncs.last_day
        left join contacts_count_by_day_delivered as said
            on said.created_on = closed.created_on and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.created_on >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

contacts_count_by_day_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from contacts_count_by_day_pairs
        union all
        select *, 'before' as side, before_id as side_id from contacts_count_by_day_pairs
    ) as sides
    inner join {{ ref('stg_hubspot__contacts_count_by_day') }} as history
        on history.created_on = sides.created_on and history._sync_id = sides.side_id
    where history.created_on is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.created_on
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

contacts_count_by_day_said as (
    select
        side,
        window_start,
        window_end,
        created_on,
        'contacts' as field,
        sum(cast(coalesce(contacts, 0) as decimal(38, 6))) * 1 as value
    from contacts_count_by_day_kept
    group by side, window_start, window_end, created_on
    union all
    select
        side,
        window_start,
        window_end,
        created_on,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from contacts_count_by_day_kept
    group by side, window_start, window_end, created_on
),

contacts_count_by_day_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        '' as account,
        pairs.created_on as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from contacts_count_by_day_pairs as pairs
    cross join (values ('contacts'), ('rows')) as figures (field)
    left join contacts_count_by_day_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.created_on = pairs.created_on
    left join contacts_count_by_day_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.created_on = pairs.created_on
),

contacts_count_by_day_restated as (
    select
        window_start,
        window_end,
        'contacts_count_by_day' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from contacts_count_by_day_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -2) }}
    union all
    select
        window_start,
        window_end,
        'contacts_count_by_day' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from contacts_count_by_day_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -2) }}
    group by window_start, window_end, account, field
),

all_figures as (
    select * from batch_figures
    union all
    select * from contacts_reconciled
    union all
    select * from contacts_count_by_day_restated
),

final as (
    select
        figures.window_start,
        figures.window_end,
        'hubspot' as source,
        figures.model,
        figures.account,
        figures.day,
        figures.metric,
        figures.field,
        cast(figures.value as decimal(38, 6)) as value,
        cast(figures.baseline as decimal(38, 6)) as baseline,
        cast(figures.baseline_n as bigint) as baseline_n,
        figures.detail,
        cast(figures.sync_id as bigint) as sync_id,
        cast(pending.load_seq as bigint) as load_seq
    from all_figures as figures
    inner join pending
        on figures.window_start = pending.window_start and figures.window_end = pending.window_end
)

select * from final
{% endif %}
