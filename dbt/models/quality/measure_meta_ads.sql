-- rendered from meta_ads, sha256 f74c701bbcbbe032b871a8c8f64b45a89db8e833ced4165c9cf2de3fdd4a7420; change the declaration, then run `plumbline render`
{% if nothing_to_measure('meta_ads') %}
select * from {{ this }} where false
{% else %}
{%- set told_from = first_day_to_tell('meta_ads', 29) %}
with ledger as (
    select
        window_start,
        window_end,
        stream,
        sync_id,
        load_seq,
        "rows" as object_rows
    from {{ source('plumbline', 'load_ledger') }}
    where source = 'meta_ads'
),

pending as (
    {{ windows_to_measure('meta_ads') }}
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

ads_insights_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('meta_ads', 'ads_insights') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads_insights'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

ads_insights_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('meta_ads', 'ads_insights') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads_insights'
    group by batches.window_start, batches.window_end
),

ads_insights_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from ads_insights_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

ads_insights_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.account_id as varchar) || '|' || cast(typed.ad_id as varchar) || '|' || cast(typed.date_start as varchar)) as "distinct_keys",
        sum(case when typed.account_id is null or typed.ad_id is null or typed.date_start is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.account_id) as "nulls:account_id",
        count(*) - count(typed.account_name) as "nulls:account_name",
        count(*) - count(typed.account_currency) as "nulls:account_currency",
        count(*) - count(typed.campaign_id) as "nulls:campaign_id",
        count(*) - count(typed.campaign_name) as "nulls:campaign_name",
        count(*) - count(typed.adset_id) as "nulls:adset_id",
        count(*) - count(typed.adset_name) as "nulls:adset_name",
        count(*) - count(typed.ad_id) as "nulls:ad_id",
        count(*) - count(typed.ad_name) as "nulls:ad_name",
        count(*) - count(typed.date_start) as "nulls:date_start",
        count(*) - count(typed.date_stop) as "nulls:date_stop",
        count(*) - count(typed.objective) as "nulls:objective",
        count(*) - count(typed.spend) as "nulls:spend",
        count(*) - count(typed.impressions) as "nulls:impressions",
        count(*) - count(typed.reach) as "nulls:reach",
        count(*) - count(typed.clicks) as "nulls:clicks",
        count(*) - count(typed.inline_link_clicks) as "nulls:inline_link_clicks",
        count(*) - count(typed.outbound_clicks) as "nulls:outbound_clicks",
        count(*) - count(typed.purchases) as "nulls:purchases",
        count(*) - count(typed.purchase_value) as "nulls:purchase_value",
        count(*) - count(typed.purchases_viewed) as "nulls:purchases_viewed",
        count(*) - count(typed.purchase_value_viewed) as "nulls:purchase_value_viewed"
    from {{ ref('stg_meta_ads__ads_insights') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ads_insights'
    group by batches.window_start, batches.window_end
),

ads_insights_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.date_start is null and {{ payload_holds('delivered._airbyte_data', ['date_start']) }} then 1 else 0 end) as "uncastable:date_start",
        sum(case when typed.date_stop is null and {{ payload_holds('delivered._airbyte_data', ['date_stop']) }} then 1 else 0 end) as "uncastable:date_stop",
        sum(case when typed.spend is null and {{ payload_holds('delivered._airbyte_data', ['spend']) }} then 1 else 0 end) as "uncastable:spend",
        sum(case when typed.impressions is null and {{ payload_holds('delivered._airbyte_data', ['impressions']) }} then 1 else 0 end) as "uncastable:impressions",
        sum(case when typed.reach is null and {{ payload_holds('delivered._airbyte_data', ['reach']) }} then 1 else 0 end) as "uncastable:reach",
        sum(case when typed.clicks is null and {{ payload_holds('delivered._airbyte_data', ['clicks']) }} then 1 else 0 end) as "uncastable:clicks",
        sum(case when typed.inline_link_clicks is null and {{ payload_holds('delivered._airbyte_data', ['inline_link_clicks']) }} then 1 else 0 end) as "uncastable:inline_link_clicks",
        sum(case when typed.outbound_clicks is null and {{ payload_pick_holds('delivered._airbyte_data', ['outbound_clicks'], 'action_type', 'outbound_click', [['value']]) }} then 1 else 0 end) as "uncastable:outbound_clicks",
        sum(case when typed.purchases is null and {{ payload_pick_holds('delivered._airbyte_data', ['actions'], 'action_type', 'omni_purchase', [['value']]) }} then 1 else 0 end) as "uncastable:purchases",
        sum(case when typed.purchase_value is null and {{ payload_pick_holds('delivered._airbyte_data', ['action_values'], 'action_type', 'omni_purchase', [['value']]) }} then 1 else 0 end) as "uncastable:purchase_value",
        sum(case when typed.purchases_viewed is null and {{ payload_pick_holds('delivered._airbyte_data', ['actions'], 'action_type', 'omni_purchase', [['1d_view']]) }} then 1 else 0 end) as "uncastable:purchases_viewed",
        sum(case when typed.purchase_value_viewed is null and {{ payload_pick_holds('delivered._airbyte_data', ['action_values'], 'action_type', 'omni_purchase', [['1d_view']]) }} then 1 else 0 end) as "uncastable:purchase_value_viewed"
    from {{ ref('stg_meta_ads__ads_insights') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ads_insights'
    inner join {{ source('meta_ads', 'ads_insights') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.date_start is null
        or typed.date_stop is null
        or typed.spend is null
        or typed.impressions is null
        or typed.reach is null
        or typed.clicks is null
        or typed.inline_link_clicks is null
        or typed.outbound_clicks is null
        or typed.purchases is null
        or typed.purchase_value is null
        or typed.purchases_viewed is null
        or typed.purchase_value_viewed is null
    group by batches.window_start, batches.window_end
),

ads_insights_wide as (
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
        cast(counted."nulls:account_id" as decimal(38, 6)) as "nulls:account_id",
        cast(counted."nulls:account_name" as decimal(38, 6)) as "nulls:account_name",
        cast(counted."nulls:account_currency" as decimal(38, 6)) as "nulls:account_currency",
        cast(counted."nulls:campaign_id" as decimal(38, 6)) as "nulls:campaign_id",
        cast(counted."nulls:campaign_name" as decimal(38, 6)) as "nulls:campaign_name",
        cast(counted."nulls:adset_id" as decimal(38, 6)) as "nulls:adset_id",
        cast(counted."nulls:adset_name" as decimal(38, 6)) as "nulls:adset_name",
        cast(counted."nulls:ad_id" as decimal(38, 6)) as "nulls:ad_id",
        cast(counted."nulls:ad_name" as decimal(38, 6)) as "nulls:ad_name",
        cast(counted."nulls:date_start" as decimal(38, 6)) as "nulls:date_start",
        cast(counted."nulls:date_stop" as decimal(38, 6)) as "nulls:date_stop",
        cast(counted."nulls:objective" as decimal(38, 6)) as "nulls:objective",
        cast(counted."nulls:spend" as decimal(38, 6)) as "nulls:spend",
        cast(counted."nulls:impressions" as decimal(38, 6)) as "nulls:impressions",
        cast(counted."nulls:reach" as decimal(38, 6)) as "nulls:reach",
        cast(counted."nulls:clicks" as decimal(38, 6)) as "nulls:clicks",
        cast(counted."nulls:inline_link_clicks" as decimal(38, 6)) as "nulls:inline_link_clicks",
        cast(counted."nulls:outbound_clicks" as decimal(38, 6)) as "nulls:outbound_clicks",
        cast(counted."nulls:purchases" as decimal(38, 6)) as "nulls:purchases",
        cast(counted."nulls:purchase_value" as decimal(38, 6)) as "nulls:purchase_value",
        cast(counted."nulls:purchases_viewed" as decimal(38, 6)) as "nulls:purchases_viewed",
        cast(counted."nulls:purchase_value_viewed" as decimal(38, 6)) as "nulls:purchase_value_viewed",
        cast(uncastable."uncastable:date_start" as decimal(38, 6)) as "uncastable:date_start",
        cast(uncastable."uncastable:date_stop" as decimal(38, 6)) as "uncastable:date_stop",
        cast(uncastable."uncastable:spend" as decimal(38, 6)) as "uncastable:spend",
        cast(uncastable."uncastable:impressions" as decimal(38, 6)) as "uncastable:impressions",
        cast(uncastable."uncastable:reach" as decimal(38, 6)) as "uncastable:reach",
        cast(uncastable."uncastable:clicks" as decimal(38, 6)) as "uncastable:clicks",
        cast(uncastable."uncastable:inline_link_clicks" as decimal(38, 6)) as "uncastable:inline_link_clicks",
        cast(uncastable."uncastable:outbound_clicks" as decimal(38, 6)) as "uncastable:outbound_clicks",
        cast(uncastable."uncastable:purchases" as decimal(38, 6)) as "uncastable:purchases",
        cast(uncastable."uncastable:purchase_value" as decimal(38, 6)) as "uncastable:purchase_value",
        cast(uncastable."uncastable:purchases_viewed" as decimal(38, 6)) as "uncastable:purchases_viewed",
        cast(uncastable."uncastable:purchase_value_viewed" as decimal(38, 6)) as "uncastable:purchase_value_viewed"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'ads_insights'
    left join ads_insights_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join ads_insights_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join ads_insights_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join ads_insights_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

ads_insights_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from ads_insights_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:account_id",
        "nulls:account_name",
        "nulls:account_currency",
        "nulls:campaign_id",
        "nulls:campaign_name",
        "nulls:adset_id",
        "nulls:adset_name",
        "nulls:ad_id",
        "nulls:ad_name",
        "nulls:date_start",
        "nulls:date_stop",
        "nulls:objective",
        "nulls:spend",
        "nulls:impressions",
        "nulls:reach",
        "nulls:clicks",
        "nulls:inline_link_clicks",
        "nulls:outbound_clicks",
        "nulls:purchases",
        "nulls:purchase_value",
        "nulls:purchases_viewed",
        "nulls:purchase_value_viewed",
        "uncastable:date_start",
        "uncastable:date_stop",
        "uncastable:spend",
        "uncastable:impressions",
        "uncastable:reach",
        "uncastable:clicks",
        "uncastable:inline_link_clicks",
        "uncastable:outbound_clicks",
        "uncastable:purchases",
        "uncastable:purchase_value",
        "uncastable:purchases_viewed",
        "uncastable:purchase_value_viewed"
    ))
),

ads_insights_keys as (
    {{ key_counts('ads_insights_raw') }}
),

ads_insights_declared as (
    select key_name from (values ('account_id'), ('account_name'), ('account_currency'), ('campaign_id'), ('campaign_name'), ('adset_id'), ('adset_name'), ('ad_id'), ('ad_name'), ('date_start'), ('date_stop'), ('objective'), ('spend'), ('impressions'), ('reach'), ('clicks'), ('inline_link_clicks'), ('outbound_clicks'), ('actions'), ('action_values')) as declared (key_name)
),

ads_insights_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join ads_insights_declared as declared
    left join ads_insights_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from ads_insights_keys
    where payload_key not in (select key_name from ads_insights_declared)
),

ads_insights_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('meta_ads', 'ads_insights') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads_insights'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

ads_insights_nulled as (
    {{ nulled_counts('ads_insights_changes') }}
),

ads_insights_measured as (
    select window_start, window_end, 'ads_insights' as model, sync_id, metric, field, value
    from ads_insights_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'ads_insights' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from ads_insights_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from ads_insights_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'ads_insights'
),

ads_insights_account_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('meta_ads', 'ads_insights_account') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads_insights_account'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

ads_insights_account_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('meta_ads', 'ads_insights_account') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads_insights_account'
    group by batches.window_start, batches.window_end
),

ads_insights_account_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from ads_insights_account_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

ads_insights_account_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.account_id as varchar) || '|' || cast(typed.date_start as varchar)) as "distinct_keys",
        sum(case when typed.account_id is null or typed.date_start is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.account_id) as "nulls:account_id",
        count(*) - count(typed.account_name) as "nulls:account_name",
        count(*) - count(typed.account_currency) as "nulls:account_currency",
        count(*) - count(typed.date_start) as "nulls:date_start",
        count(*) - count(typed.date_stop) as "nulls:date_stop",
        count(*) - count(typed.spend) as "nulls:spend",
        count(*) - count(typed.impressions) as "nulls:impressions",
        count(*) - count(typed.clicks) as "nulls:clicks",
        count(*) - count(typed.inline_link_clicks) as "nulls:inline_link_clicks"
    from {{ ref('stg_meta_ads__ads_insights_account') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ads_insights_account'
    group by batches.window_start, batches.window_end
),

ads_insights_account_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.date_start is null and {{ payload_holds('delivered._airbyte_data', ['date_start']) }} then 1 else 0 end) as "uncastable:date_start",
        sum(case when typed.date_stop is null and {{ payload_holds('delivered._airbyte_data', ['date_stop']) }} then 1 else 0 end) as "uncastable:date_stop",
        sum(case when typed.spend is null and {{ payload_holds('delivered._airbyte_data', ['spend']) }} then 1 else 0 end) as "uncastable:spend",
        sum(case when typed.impressions is null and {{ payload_holds('delivered._airbyte_data', ['impressions']) }} then 1 else 0 end) as "uncastable:impressions",
        sum(case when typed.clicks is null and {{ payload_holds('delivered._airbyte_data', ['clicks']) }} then 1 else 0 end) as "uncastable:clicks",
        sum(case when typed.inline_link_clicks is null and {{ payload_holds('delivered._airbyte_data', ['inline_link_clicks']) }} then 1 else 0 end) as "uncastable:inline_link_clicks"
    from {{ ref('stg_meta_ads__ads_insights_account') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ads_insights_account'
    inner join {{ source('meta_ads', 'ads_insights_account') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.date_start is null
        or typed.date_stop is null
        or typed.spend is null
        or typed.impressions is null
        or typed.clicks is null
        or typed.inline_link_clicks is null
    group by batches.window_start, batches.window_end
),

ads_insights_account_wide as (
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
        cast(counted."nulls:account_id" as decimal(38, 6)) as "nulls:account_id",
        cast(counted."nulls:account_name" as decimal(38, 6)) as "nulls:account_name",
        cast(counted."nulls:account_currency" as decimal(38, 6)) as "nulls:account_currency",
        cast(counted."nulls:date_start" as decimal(38, 6)) as "nulls:date_start",
        cast(counted."nulls:date_stop" as decimal(38, 6)) as "nulls:date_stop",
        cast(counted."nulls:spend" as decimal(38, 6)) as "nulls:spend",
        cast(counted."nulls:impressions" as decimal(38, 6)) as "nulls:impressions",
        cast(counted."nulls:clicks" as decimal(38, 6)) as "nulls:clicks",
        cast(counted."nulls:inline_link_clicks" as decimal(38, 6)) as "nulls:inline_link_clicks",
        cast(uncastable."uncastable:date_start" as decimal(38, 6)) as "uncastable:date_start",
        cast(uncastable."uncastable:date_stop" as decimal(38, 6)) as "uncastable:date_stop",
        cast(uncastable."uncastable:spend" as decimal(38, 6)) as "uncastable:spend",
        cast(uncastable."uncastable:impressions" as decimal(38, 6)) as "uncastable:impressions",
        cast(uncastable."uncastable:clicks" as decimal(38, 6)) as "uncastable:clicks",
        cast(uncastable."uncastable:inline_link_clicks" as decimal(38, 6)) as "uncastable:inline_link_clicks"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'ads_insights_account'
    left join ads_insights_account_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join ads_insights_account_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join ads_insights_account_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join ads_insights_account_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

ads_insights_account_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from ads_insights_account_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:account_id",
        "nulls:account_name",
        "nulls:account_currency",
        "nulls:date_start",
        "nulls:date_stop",
        "nulls:spend",
        "nulls:impressions",
        "nulls:clicks",
        "nulls:inline_link_clicks",
        "uncastable:date_start",
        "uncastable:date_stop",
        "uncastable:spend",
        "uncastable:impressions",
        "uncastable:clicks",
        "uncastable:inline_link_clicks"
    ))
),

ads_insights_account_keys as (
    {{ key_counts('ads_insights_account_raw') }}
),

ads_insights_account_declared as (
    select key_name from (values ('account_id'), ('account_name'), ('account_currency'), ('date_start'), ('date_stop'), ('spend'), ('impressions'), ('clicks'), ('inline_link_clicks')) as declared (key_name)
),

ads_insights_account_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join ads_insights_account_declared as declared
    left join ads_insights_account_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from ads_insights_account_keys
    where payload_key not in (select key_name from ads_insights_account_declared)
),

ads_insights_account_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('meta_ads', 'ads_insights_account') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads_insights_account'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

ads_insights_account_nulled as (
    {{ nulled_counts('ads_insights_account_changes') }}
),

ads_insights_account_measured as (
    select window_start, window_end, 'ads_insights_account' as model, sync_id, metric, field, value
    from ads_insights_account_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'ads_insights_account' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from ads_insights_account_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from ads_insights_account_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'ads_insights_account'
),

campaigns_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('meta_ads', 'campaigns') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'campaigns'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

campaigns_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('meta_ads', 'campaigns') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'campaigns'
    group by batches.window_start, batches.window_end
),

campaigns_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from campaigns_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

campaigns_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.id as varchar)) as "distinct_keys",
        sum(case when typed.id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.account_id) as "nulls:account_id",
        count(*) - count(typed.name) as "nulls:name",
        count(*) - count(typed.objective) as "nulls:objective",
        count(*) - count(typed.buying_type) as "nulls:buying_type",
        count(*) - count(typed.status) as "nulls:status",
        count(*) - count(typed.effective_status) as "nulls:effective_status",
        count(*) - count(typed.daily_budget) as "nulls:daily_budget",
        count(*) - count(typed.lifetime_budget) as "nulls:lifetime_budget",
        count(*) - count(typed.start_time) as "nulls:start_time",
        count(*) - count(typed.stop_time) as "nulls:stop_time",
        count(*) - count(typed.created_time) as "nulls:created_time",
        count(*) - count(typed.updated_time) as "nulls:updated_time"
    from {{ ref('stg_meta_ads__campaigns') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'campaigns'
    group by batches.window_start, batches.window_end
),

campaigns_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.daily_budget is null and {{ payload_holds('delivered._airbyte_data', ['daily_budget']) }} then 1 else 0 end) as "uncastable:daily_budget",
        sum(case when typed.lifetime_budget is null and {{ payload_holds('delivered._airbyte_data', ['lifetime_budget']) }} then 1 else 0 end) as "uncastable:lifetime_budget",
        sum(case when typed.start_time is null and {{ payload_holds('delivered._airbyte_data', ['start_time']) }} then 1 else 0 end) as "uncastable:start_time",
        sum(case when typed.stop_time is null and {{ payload_holds('delivered._airbyte_data', ['stop_time']) }} then 1 else 0 end) as "uncastable:stop_time",
        sum(case when typed.created_time is null and {{ payload_holds('delivered._airbyte_data', ['created_time']) }} then 1 else 0 end) as "uncastable:created_time",
        sum(case when typed.updated_time is null and {{ payload_holds('delivered._airbyte_data', ['updated_time']) }} then 1 else 0 end) as "uncastable:updated_time"
    from {{ ref('stg_meta_ads__campaigns') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'campaigns'
    inner join {{ source('meta_ads', 'campaigns') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.daily_budget is null
        or typed.lifetime_budget is null
        or typed.start_time is null
        or typed.stop_time is null
        or typed.created_time is null
        or typed.updated_time is null
    group by batches.window_start, batches.window_end
),

campaigns_wide as (
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
        cast(counted."nulls:account_id" as decimal(38, 6)) as "nulls:account_id",
        cast(counted."nulls:name" as decimal(38, 6)) as "nulls:name",
        cast(counted."nulls:objective" as decimal(38, 6)) as "nulls:objective",
        cast(counted."nulls:buying_type" as decimal(38, 6)) as "nulls:buying_type",
        cast(counted."nulls:status" as decimal(38, 6)) as "nulls:status",
        cast(counted."nulls:effective_status" as decimal(38, 6)) as "nulls:effective_status",
        cast(counted."nulls:daily_budget" as decimal(38, 6)) as "nulls:daily_budget",
        cast(counted."nulls:lifetime_budget" as decimal(38, 6)) as "nulls:lifetime_budget",
        cast(counted."nulls:start_time" as decimal(38, 6)) as "nulls:start_time",
        cast(counted."nulls:stop_time" as decimal(38, 6)) as "nulls:stop_time",
        cast(counted."nulls:created_time" as decimal(38, 6)) as "nulls:created_time",
        cast(counted."nulls:updated_time" as decimal(38, 6)) as "nulls:updated_time",
        cast(uncastable."uncastable:daily_budget" as decimal(38, 6)) as "uncastable:daily_budget",
        cast(uncastable."uncastable:lifetime_budget" as decimal(38, 6)) as "uncastable:lifetime_budget",
        cast(uncastable."uncastable:start_time" as decimal(38, 6)) as "uncastable:start_time",
        cast(uncastable."uncastable:stop_time" as decimal(38, 6)) as "uncastable:stop_time",
        cast(uncastable."uncastable:created_time" as decimal(38, 6)) as "uncastable:created_time",
        cast(uncastable."uncastable:updated_time" as decimal(38, 6)) as "uncastable:updated_time"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'campaigns'
    left join campaigns_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join campaigns_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join campaigns_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join campaigns_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

campaigns_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from campaigns_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:account_id",
        "nulls:name",
        "nulls:objective",
        "nulls:buying_type",
        "nulls:status",
        "nulls:effective_status",
        "nulls:daily_budget",
        "nulls:lifetime_budget",
        "nulls:start_time",
        "nulls:stop_time",
        "nulls:created_time",
        "nulls:updated_time",
        "uncastable:daily_budget",
        "uncastable:lifetime_budget",
        "uncastable:start_time",
        "uncastable:stop_time",
        "uncastable:created_time",
        "uncastable:updated_time"
    ))
),

campaigns_keys as (
    {{ key_counts('campaigns_raw') }}
),

campaigns_declared as (
    select key_name from (values ('id'), ('account_id'), ('name'), ('objective'), ('buying_type'), ('status'), ('effective_status'), ('daily_budget'), ('lifetime_budget'), ('start_time'), ('stop_time'), ('created_time'), ('updated_time')) as declared (key_name)
),

campaigns_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join campaigns_declared as declared
    left join campaigns_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from campaigns_keys
    where payload_key not in (select key_name from campaigns_declared)
),

campaigns_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('meta_ads', 'campaigns') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'campaigns'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

campaigns_nulled as (
    {{ nulled_counts('campaigns_changes') }}
),

campaigns_measured as (
    select window_start, window_end, 'campaigns' as model, sync_id, metric, field, value
    from campaigns_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'campaigns' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from campaigns_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from campaigns_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'campaigns'
),

ad_sets_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('meta_ads', 'ad_sets') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_sets'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

ad_sets_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('meta_ads', 'ad_sets') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_sets'
    group by batches.window_start, batches.window_end
),

ad_sets_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from ad_sets_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

ad_sets_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.id as varchar)) as "distinct_keys",
        sum(case when typed.id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.account_id) as "nulls:account_id",
        count(*) - count(typed.campaign_id) as "nulls:campaign_id",
        count(*) - count(typed.name) as "nulls:name",
        count(*) - count(typed.effective_status) as "nulls:effective_status",
        count(*) - count(typed.daily_budget) as "nulls:daily_budget",
        count(*) - count(typed.lifetime_budget) as "nulls:lifetime_budget",
        count(*) - count(typed.bid_strategy) as "nulls:bid_strategy",
        count(*) - count(typed.start_time) as "nulls:start_time",
        count(*) - count(typed.end_time) as "nulls:end_time",
        count(*) - count(typed.created_time) as "nulls:created_time",
        count(*) - count(typed.updated_time) as "nulls:updated_time"
    from {{ ref('stg_meta_ads__ad_sets') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ad_sets'
    group by batches.window_start, batches.window_end
),

ad_sets_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.daily_budget is null and {{ payload_holds('delivered._airbyte_data', ['daily_budget']) }} then 1 else 0 end) as "uncastable:daily_budget",
        sum(case when typed.lifetime_budget is null and {{ payload_holds('delivered._airbyte_data', ['lifetime_budget']) }} then 1 else 0 end) as "uncastable:lifetime_budget",
        sum(case when typed.start_time is null and {{ payload_holds('delivered._airbyte_data', ['start_time']) }} then 1 else 0 end) as "uncastable:start_time",
        sum(case when typed.end_time is null and {{ payload_holds('delivered._airbyte_data', ['end_time']) }} then 1 else 0 end) as "uncastable:end_time",
        sum(case when typed.created_time is null and {{ payload_holds('delivered._airbyte_data', ['created_time']) }} then 1 else 0 end) as "uncastable:created_time",
        sum(case when typed.updated_time is null and {{ payload_holds('delivered._airbyte_data', ['updated_time']) }} then 1 else 0 end) as "uncastable:updated_time"
    from {{ ref('stg_meta_ads__ad_sets') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ad_sets'
    inner join {{ source('meta_ads', 'ad_sets') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.daily_budget is null
        or typed.lifetime_budget is null
        or typed.start_time is null
        or typed.end_time is null
        or typed.created_time is null
        or typed.updated_time is null
    group by batches.window_start, batches.window_end
),

ad_sets_wide as (
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
        cast(counted."nulls:account_id" as decimal(38, 6)) as "nulls:account_id",
        cast(counted."nulls:campaign_id" as decimal(38, 6)) as "nulls:campaign_id",
        cast(counted."nulls:name" as decimal(38, 6)) as "nulls:name",
        cast(counted."nulls:effective_status" as decimal(38, 6)) as "nulls:effective_status",
        cast(counted."nulls:daily_budget" as decimal(38, 6)) as "nulls:daily_budget",
        cast(counted."nulls:lifetime_budget" as decimal(38, 6)) as "nulls:lifetime_budget",
        cast(counted."nulls:bid_strategy" as decimal(38, 6)) as "nulls:bid_strategy",
        cast(counted."nulls:start_time" as decimal(38, 6)) as "nulls:start_time",
        cast(counted."nulls:end_time" as decimal(38, 6)) as "nulls:end_time",
        cast(counted."nulls:created_time" as decimal(38, 6)) as "nulls:created_time",
        cast(counted."nulls:updated_time" as decimal(38, 6)) as "nulls:updated_time",
        cast(uncastable."uncastable:daily_budget" as decimal(38, 6)) as "uncastable:daily_budget",
        cast(uncastable."uncastable:lifetime_budget" as decimal(38, 6)) as "uncastable:lifetime_budget",
        cast(uncastable."uncastable:start_time" as decimal(38, 6)) as "uncastable:start_time",
        cast(uncastable."uncastable:end_time" as decimal(38, 6)) as "uncastable:end_time",
        cast(uncastable."uncastable:created_time" as decimal(38, 6)) as "uncastable:created_time",
        cast(uncastable."uncastable:updated_time" as decimal(38, 6)) as "uncastable:updated_time"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'ad_sets'
    left join ad_sets_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join ad_sets_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join ad_sets_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join ad_sets_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

ad_sets_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from ad_sets_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:account_id",
        "nulls:campaign_id",
        "nulls:name",
        "nulls:effective_status",
        "nulls:daily_budget",
        "nulls:lifetime_budget",
        "nulls:bid_strategy",
        "nulls:start_time",
        "nulls:end_time",
        "nulls:created_time",
        "nulls:updated_time",
        "uncastable:daily_budget",
        "uncastable:lifetime_budget",
        "uncastable:start_time",
        "uncastable:end_time",
        "uncastable:created_time",
        "uncastable:updated_time"
    ))
),

ad_sets_keys as (
    {{ key_counts('ad_sets_raw') }}
),

ad_sets_declared as (
    select key_name from (values ('id'), ('account_id'), ('campaign_id'), ('name'), ('effective_status'), ('daily_budget'), ('lifetime_budget'), ('bid_strategy'), ('start_time'), ('end_time'), ('created_time'), ('updated_time')) as declared (key_name)
),

ad_sets_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join ad_sets_declared as declared
    left join ad_sets_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from ad_sets_keys
    where payload_key not in (select key_name from ad_sets_declared)
),

ad_sets_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('meta_ads', 'ad_sets') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_sets'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

ad_sets_nulled as (
    {{ nulled_counts('ad_sets_changes') }}
),

ad_sets_measured as (
    select window_start, window_end, 'ad_sets' as model, sync_id, metric, field, value
    from ad_sets_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'ad_sets' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from ad_sets_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from ad_sets_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'ad_sets'
),

ads_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('meta_ads', 'ads') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

ads_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('meta_ads', 'ads') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads'
    group by batches.window_start, batches.window_end
),

ads_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from ads_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

ads_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.id as varchar)) as "distinct_keys",
        sum(case when typed.id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.account_id) as "nulls:account_id",
        count(*) - count(typed.campaign_id) as "nulls:campaign_id",
        count(*) - count(typed.adset_id) as "nulls:adset_id",
        count(*) - count(typed.name) as "nulls:name",
        count(*) - count(typed.status) as "nulls:status",
        count(*) - count(typed.effective_status) as "nulls:effective_status",
        count(*) - count(typed.creative_id) as "nulls:creative_id",
        count(*) - count(typed.created_time) as "nulls:created_time",
        count(*) - count(typed.updated_time) as "nulls:updated_time"
    from {{ ref('stg_meta_ads__ads') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ads'
    group by batches.window_start, batches.window_end
),

ads_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.created_time is null and {{ payload_holds('delivered._airbyte_data', ['created_time']) }} then 1 else 0 end) as "uncastable:created_time",
        sum(case when typed.updated_time is null and {{ payload_holds('delivered._airbyte_data', ['updated_time']) }} then 1 else 0 end) as "uncastable:updated_time"
    from {{ ref('stg_meta_ads__ads') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ads'
    inner join {{ source('meta_ads', 'ads') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.created_time is null
        or typed.updated_time is null
    group by batches.window_start, batches.window_end
),

ads_wide as (
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
        cast(counted."nulls:account_id" as decimal(38, 6)) as "nulls:account_id",
        cast(counted."nulls:campaign_id" as decimal(38, 6)) as "nulls:campaign_id",
        cast(counted."nulls:adset_id" as decimal(38, 6)) as "nulls:adset_id",
        cast(counted."nulls:name" as decimal(38, 6)) as "nulls:name",
        cast(counted."nulls:status" as decimal(38, 6)) as "nulls:status",
        cast(counted."nulls:effective_status" as decimal(38, 6)) as "nulls:effective_status",
        cast(counted."nulls:creative_id" as decimal(38, 6)) as "nulls:creative_id",
        cast(counted."nulls:created_time" as decimal(38, 6)) as "nulls:created_time",
        cast(counted."nulls:updated_time" as decimal(38, 6)) as "nulls:updated_time",
        cast(uncastable."uncastable:created_time" as decimal(38, 6)) as "uncastable:created_time",
        cast(uncastable."uncastable:updated_time" as decimal(38, 6)) as "uncastable:updated_time"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'ads'
    left join ads_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join ads_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join ads_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join ads_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

ads_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from ads_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:account_id",
        "nulls:campaign_id",
        "nulls:adset_id",
        "nulls:name",
        "nulls:status",
        "nulls:effective_status",
        "nulls:creative_id",
        "nulls:created_time",
        "nulls:updated_time",
        "uncastable:created_time",
        "uncastable:updated_time"
    ))
),

ads_keys as (
    {{ key_counts('ads_raw') }}
),

ads_declared as (
    select key_name from (values ('id'), ('account_id'), ('campaign_id'), ('adset_id'), ('name'), ('status'), ('effective_status'), ('creative'), ('created_time'), ('updated_time')) as declared (key_name)
),

ads_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join ads_declared as declared
    left join ads_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from ads_keys
    where payload_key not in (select key_name from ads_declared)
),

ads_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('meta_ads', 'ads') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ads'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

ads_nulled as (
    {{ nulled_counts('ads_changes') }}
),

ads_measured as (
    select window_start, window_end, 'ads' as model, sync_id, metric, field, value
    from ads_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'ads' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from ads_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from ads_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'ads'
),

ad_account_raw as (
    select
        batches.window_start,
        batches.window_end,
        delivered._source_file,
        {{ payload_keys('delivered._airbyte_data') }} as payload_key_set,
        count(*) as set_rows,
        sum({{ fingerprint('delivered._airbyte_data') }}) as checksum,
        sum({{ fingerprint('delivered._airbyte_raw_id') }}) as written
    from {{ source('meta_ads', 'ad_account') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_account'
    group by batches.window_start, batches.window_end, delivered._source_file, payload_key_set
),

ad_account_contents as (
    select
        batches.window_start,
        batches.window_end,
        count(*) - count(distinct {{ fingerprint('delivered._airbyte_data') }}) as duplicate_rows
    from {{ source('meta_ads', 'ad_account') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_account'
    group by batches.window_start, batches.window_end
),

ad_account_objects as (
    select window_start, window_end, count(*) - count(distinct object_content) as duplicate_objects
    from (
        select
            window_start,
            window_end,
            _source_file,
            -- An attempt that sends rows again gives them new raw ids: only an object that is there twice has the same.
            cast(sum(checksum) as varchar) || ':' || cast(sum(written) as varchar) as object_content
        from ad_account_raw
        group by window_start, window_end, _source_file
    ) as objects
    group by window_start, window_end
),

ad_account_counted as (
    select
        batches.window_start,
        batches.window_end,
        count(*) as "rows",
        count(distinct cast(typed.account_id as varchar)) as "distinct_keys",
        sum(case when typed.account_id is null then 1 else 0 end) as "null_keys",
        count(*) - count(typed.id) as "nulls:id",
        count(*) - count(typed.account_id) as "nulls:account_id",
        count(*) - count(typed.name) as "nulls:name",
        count(*) - count(typed.currency) as "nulls:currency",
        count(*) - count(typed.timezone_name) as "nulls:timezone_name",
        count(*) - count(typed.account_status) as "nulls:account_status",
        count(*) - count(typed.created_time) as "nulls:created_time"
    from {{ ref('stg_meta_ads__ad_account') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ad_account'
    group by batches.window_start, batches.window_end
),

ad_account_uncastable as (
    select
        batches.window_start,
        batches.window_end,
        sum(case when typed.account_status is null and {{ payload_holds('delivered._airbyte_data', ['account_status']) }} then 1 else 0 end) as "uncastable:account_status",
        sum(case when typed.created_time is null and {{ payload_holds('delivered._airbyte_data', ['created_time']) }} then 1 else 0 end) as "uncastable:created_time"
    from {{ ref('stg_meta_ads__ad_account') }} as typed
    inner join batches on typed._sync_id = batches.sync_id and batches.stream = 'ad_account'
    inner join {{ source('meta_ads', 'ad_account') }} as delivered
        on typed._sync_id = delivered._sync_id
        and typed._source_file = delivered._source_file
        and typed._source_row = delivered._source_row
    where typed.account_status is null
        or typed.created_time is null
    group by batches.window_start, batches.window_end
),

ad_account_wide as (
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
        cast(counted."nulls:account_id" as decimal(38, 6)) as "nulls:account_id",
        cast(counted."nulls:name" as decimal(38, 6)) as "nulls:name",
        cast(counted."nulls:currency" as decimal(38, 6)) as "nulls:currency",
        cast(counted."nulls:timezone_name" as decimal(38, 6)) as "nulls:timezone_name",
        cast(counted."nulls:account_status" as decimal(38, 6)) as "nulls:account_status",
        cast(counted."nulls:created_time" as decimal(38, 6)) as "nulls:created_time",
        cast(uncastable."uncastable:account_status" as decimal(38, 6)) as "uncastable:account_status",
        cast(uncastable."uncastable:created_time" as decimal(38, 6)) as "uncastable:created_time"
    from pending
    left join batches
        on pending.window_start = batches.window_start and pending.window_end = batches.window_end
        and batches.stream = 'ad_account'
    left join ad_account_counted as counted
        on pending.window_start = counted.window_start and pending.window_end = counted.window_end
    left join ad_account_contents as contents
        on pending.window_start = contents.window_start and pending.window_end = contents.window_end
    left join ad_account_objects as objects
        on pending.window_start = objects.window_start and pending.window_end = objects.window_end
    left join ad_account_uncastable as uncastable
        on pending.window_start = uncastable.window_start and pending.window_end = uncastable.window_end
),

ad_account_tall as (
    select
        window_start,
        window_end,
        sync_id,
        split_part(name, ':', 1) as metric,
        split_part(name, ':', 2) as field,
        value
    from ad_account_wide
    unpivot include nulls (value for name in (
        "sync_rows",
        "duplicate_rows",
        "duplicate_objects",
        "rows",
        "distinct_keys",
        "null_keys",
        "nulls:id",
        "nulls:account_id",
        "nulls:name",
        "nulls:currency",
        "nulls:timezone_name",
        "nulls:account_status",
        "nulls:created_time",
        "uncastable:account_status",
        "uncastable:created_time"
    ))
),

ad_account_keys as (
    {{ key_counts('ad_account_raw') }}
),

ad_account_declared as (
    select key_name from (values ('id'), ('account_id'), ('name'), ('currency'), ('timezone_name'), ('account_status'), ('created_time')) as declared (key_name)
),

ad_account_drift as (
    select
        pending.window_start,
        pending.window_end,
        'present' as metric,
        declared.key_name as field,
        coalesce(seen.key_rows, 0) as value
    from pending
    cross join ad_account_declared as declared
    left join ad_account_keys as seen
        on pending.window_start = seen.window_start and pending.window_end = seen.window_end
        and declared.key_name = seen.payload_key
    union all
    select window_start, window_end, 'unexpected' as metric, payload_key as field, key_rows as value
    from ad_account_keys
    where payload_key not in (select key_name from ad_account_declared)
),

ad_account_changes as (
    select batches.window_start, batches.window_end, delivered._airbyte_meta as meta
    from {{ source('meta_ads', 'ad_account') }} as delivered
    inner join batches on delivered._sync_id = batches.sync_id and batches.stream = 'ad_account'
    where contains(delivered._airbyte_meta, '"NULLED"')
),

ad_account_nulled as (
    {{ nulled_counts('ad_account_changes') }}
),

ad_account_measured as (
    select window_start, window_end, 'ad_account' as model, sync_id, metric, field, value
    from ad_account_tall
    union all
    select
        drift.window_start,
        drift.window_end,
        'ad_account' as model,
        batches.sync_id,
        drift.metric,
        drift.field,
        cast(drift.value as decimal(38, 6)) as value
    from (
        select * from ad_account_drift
        union all
        select window_start, window_end, 'nulled' as metric, field_name as field, field_rows as value
        from ad_account_nulled
    ) as drift
    left join batches
        on drift.window_start = batches.window_start and drift.window_end = batches.window_end
        and batches.stream = 'ad_account'
),

measured as (
    select * from ads_insights_measured
    union all
    select * from ads_insights_account_measured
    union all
    select * from campaigns_measured
    union all
    select * from ad_sets_measured
    union all
    select * from ads_measured
    union all
    select * from ad_account_measured
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

ads_insights_daily as (
    select
        cast(account_id as varchar) as account,
        coalesce(cast(campaign_id as varchar), '') as campaign,
        date_start as day,
        sum(cast(coalesce(spend, 0) as decimal(38, 6))) * 1 as spend,
        sum(cast(coalesce(outbound_clicks, 0) as decimal(38, 6))) * 1 as clicks,
        sum(cast(coalesce(impressions, 0) as decimal(38, 6))) * 1 as impressions
    from {{ ref('int_meta_ads__ads_insights') }}
    where date_start >= (select {{ plus_days('min(window_start)', -28) }} from pending)
    group by 1, 2, 3
),

ads_insights_targets as (
    select pending.window_start, pending.window_end, listed.day, accounts.account
    from pending
    inner join (select distinct day from ads_insights_daily) as listed
        on listed.day >= cast(pending.window_start as date) and cast(listed.day as timestamp) < pending.window_end
    cross join (select distinct account from ads_insights_daily) as accounts
),

ads_insights_seen as (
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'spend' as metric,
        '' as field,
        coalesce(sum(daily.spend), 0) as value
    from ads_insights_targets as targets
    left join ads_insights_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_spend' as metric,
        daily.campaign as field,
        daily.spend as value
    from ads_insights_targets as targets
    inner join ads_insights_daily as daily on targets.account = daily.account and targets.day = daily.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'clicks' as metric,
        '' as field,
        coalesce(sum(daily.clicks), 0) as value
    from ads_insights_targets as targets
    left join ads_insights_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_clicks' as metric,
        daily.campaign as field,
        daily.clicks as value
    from ads_insights_targets as targets
    inner join ads_insights_daily as daily on targets.account = daily.account and targets.day = daily.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'impressions' as metric,
        '' as field,
        coalesce(sum(daily.impressions), 0) as value
    from ads_insights_targets as targets
    left join ads_insights_daily as daily on targets.account = daily.account and targets.day = daily.day
    group by targets.window_start, targets.window_end, targets.account, targets.day
    union all
    select
        targets.window_start,
        targets.window_end,
        targets.account,
        targets.day,
        'campaign_impressions' as metric,
        daily.campaign as field,
        daily.impressions as value
    from ads_insights_targets as targets
    inner join ads_insights_daily as daily on targets.account = daily.account and targets.day = daily.day
),

ads_insights_watched as (
    select
        window_start,
        window_end,
        'ads_insights' as model,
        account,
        day,
        metric,
        field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        cast(null as bigint) as sync_id
    from ads_insights_seen
),

ads_insights_ours as (
    select account, day, sum(value) as value, max(sync_id) as sync_id
    from (
        select cast(side.account_id as varchar) || ' ' || cast(side.account_currency as varchar) as account, side.date_start as day, sum(cast(coalesce(side.spend, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_meta_ads__ads_insights') }} as side
        where side.date_start >= cast('{{ told_from }}' as date)
        group by cast(side.account_id as varchar) || ' ' || cast(side.account_currency as varchar), side.date_start
    ) as parts
    where day is not null
    group by account, day
),

ads_insights_theirs as (
    select cast(side.account_id as varchar) || ' ' || cast(side.account_currency as varchar) as account, side.date_start as day, sum(cast(coalesce(side.spend, 0) as decimal(38, 9))) as value, max(side._sync_id) as sync_id
        from {{ ref('int_meta_ads__ads_insights_account') }} as side
        group by cast(side.account_id as varchar) || ' ' || cast(side.account_currency as varchar), side.date_start
),

ads_insights_uncounted as (
    select account, day, bucket, sum(value) as value, count(*) as bucket_rows
    from (
        select
            cast(side.account_id as varchar) || ' ' || cast(side.account_currency as varchar) as account,
            side.date_start as day,
            case when cast(coalesce(side.spend, 0) as decimal(38, 9)) = cast(coalesce(kept.spend, 0) as decimal(38, 9)) then 'duplicates_removed' else 'superseded_versions' end as bucket,
            cast(coalesce(side.spend, 0) as decimal(38, 9)) as value
        from {{ ref('stg_meta_ads__ads_insights') }} as side
        inner join {{ ref('int_meta_ads__ads_insights') }} as kept
            on side.account_id = kept.account_id and side.ad_id = kept.ad_id and side.date_start = kept.date_start and side._sync_id = kept._sync_id
            and (side._source_file <> kept._source_file or side._source_row <> kept._source_row)
        where side._sync_id in (select sync_id from batches where stream = 'ads_insights')

    ) as rows_beside
    group by account, day, bucket
),

ads_insights_sides as (
    select account, day, 'reconcile_ours' as metric, value from ads_insights_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from ads_insights_theirs
    where day is not null
),

-- Every day of the look-back is told anew, because the sync may have changed it; a check reads those of its window.
-- Days before the first that the control ever stated have nothing to be compared with.
ads_insights_days as (
    select pending.window_start, pending.window_end, keys.account, keys.day
    from pending
    inner join (select distinct account, day from ads_insights_sides) as keys
        on keys.day >= {{ plus_days('cast(pending.window_start as date)', -29) }}
        and cast({{ dbt.dateadd('day', 1, 'keys.day') }} as timestamp) <= pending.window_end
    where
        keys.day >= cast(pending.window_start as date)
        or keys.day >= (select min(day) from ads_insights_theirs)
),

ads_insights_told as (
    select
        days.*,
        metrics.metric,
        coalesce(sides.value, 0) * 1 as value,
        cast(null as bigint) as value_rows,
        case when sides.value is null then 'no rows on this side' else '' end as detail
    from ads_insights_days as days
    cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    left join ads_insights_sides as sides
        on days.account = sides.account and days.day = sides.day and metrics.metric = sides.metric
    union all
    -- The first load of the sync that spoke last: marts that hold less are older than these rows.
    select
        days.*,
        'reconcile_loaded' as metric,
        first_loads.load_seq as value,
        cast(null as bigint) as value_rows,
        '' as detail
    from ads_insights_days as days
    inner join ads_insights_ours as ours on days.account = ours.account and days.day = ours.day
    inner join (select sync_id, min(load_seq) as load_seq from ledger group by sync_id) as first_loads
        on ours.sync_id = first_loads.sync_id
    union all
    select
        days.*,
        'reconcile_' || beside.bucket as metric,
        beside.value * 1 as value,
        beside.bucket_rows as value_rows,
        '' as detail
    from ads_insights_days as days
    inner join ads_insights_uncounted as beside on days.account = beside.account and days.day = beside.day
),

ads_insights_reconciled as (
    select
        window_start,
        window_end,
        'ads_insights' as model,
        account,
        day,
        metric,
        'spend' as field,
        value,
        cast(null as decimal(38, 6)) as baseline,
        cast(value_rows as bigint) as baseline_n,
        detail,
        cast(null as bigint) as sync_id
    from ads_insights_told
),

ads_insights_delivered as (
    select
        account_id,
        date_start,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_meta_ads__ads_insights') }}
    where account_id is not null and date_start is not null and ad_id is not null
    group by account_id, date_start, _sync_id
),

ads_insights_syncs as (
    select
        account_id,
        min(date_start) as first_day,
        max(date_start) as last_day,
        {{ plus_days('max(date_start)', -29) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from ads_insights_delivered
    group by account_id, _sync_id
),

ads_insights_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.account_id,
        days.date_start
    from batches
    inner join ads_insights_syncs as judged on judged._sync_id = batches.sync_id
    inner join ads_insights_delivered as days
        on days.account_id = judged.account_id and days.date_start between judged.first_day and judged.last_day
        and days.date_start < cast(batches.window_start as date)
    where batches.stream = 'ads_insights'
),

ads_insights_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.account_id, closed.date_start
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from ads_insights_closed as closed
        inner join ads_insights_syncs as syncs
            on syncs.account_id = closed.account_id and closed.date_start between syncs.first_day and syncs.last_day
        left join ads_insights_delivered as said
            on said.account_id = closed.account_id and said.date_start = closed.date_start and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.date_start >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

ads_insights_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from ads_insights_pairs
        union all
        select *, 'before' as side, before_id as side_id from ads_insights_pairs
    ) as sides
    inner join {{ ref('stg_meta_ads__ads_insights') }} as history
        on history.account_id = sides.account_id and history.date_start = sides.date_start and history._sync_id = sides.side_id
    where history.account_id is not null and history.date_start is not null and history.ad_id is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.account_id, history.ad_id, history.date_start
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

ads_insights_said as (
    select
        side,
        window_start,
        window_end,
        account_id,
        date_start,
        'spend' as field,
        sum(cast(coalesce(spend, 0) as decimal(38, 6))) * 1 as value
    from ads_insights_kept
    group by side, window_start, window_end, account_id, date_start
    union all
    select
        side,
        window_start,
        window_end,
        account_id,
        date_start,
        'clicks' as field,
        sum(cast(coalesce(outbound_clicks, 0) as decimal(38, 6))) * 1 as value
    from ads_insights_kept
    group by side, window_start, window_end, account_id, date_start
    union all
    select
        side,
        window_start,
        window_end,
        account_id,
        date_start,
        'impressions' as field,
        sum(cast(coalesce(impressions, 0) as decimal(38, 6))) * 1 as value
    from ads_insights_kept
    group by side, window_start, window_end, account_id, date_start
    union all
    select
        side,
        window_start,
        window_end,
        account_id,
        date_start,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from ads_insights_kept
    group by side, window_start, window_end, account_id, date_start
),

ads_insights_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.account_id as varchar) as account,
        pairs.date_start as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from ads_insights_pairs as pairs
    cross join (values ('spend'), ('clicks'), ('impressions'), ('rows')) as figures (field)
    left join ads_insights_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.account_id = pairs.account_id and after_it.date_start = pairs.date_start
    left join ads_insights_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.account_id = pairs.account_id and before_it.date_start = pairs.date_start
),

ads_insights_restated as (
    select
        window_start,
        window_end,
        'ads_insights' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from ads_insights_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -29) }}
    union all
    select
        window_start,
        window_end,
        'ads_insights' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from ads_insights_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -29) }}
    group by window_start, window_end, account, field
),

ads_insights_account_delivered as (
    select
        account_id,
        date_start,
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at
    from {{ ref('stg_meta_ads__ads_insights_account') }}
    where account_id is not null and date_start is not null
    group by account_id, date_start, _sync_id
),

ads_insights_account_syncs as (
    select
        account_id,
        min(date_start) as first_day,
        max(date_start) as last_day,
        {{ plus_days('max(date_start)', -29) }} as silent_since,
        _sync_id,
        min(began_at) as began_at
    from ads_insights_account_delivered
    group by account_id, _sync_id
),

ads_insights_account_closed as (
    select distinct
        batches.window_start,
        batches.window_end,
        batches.sync_id,
        days.account_id,
        days.date_start
    from batches
    inner join ads_insights_account_syncs as judged on judged._sync_id = batches.sync_id
    inner join ads_insights_account_delivered as days
        on days.account_id = judged.account_id and days.date_start between judged.first_day and judged.last_day
        and days.date_start < cast(batches.window_start as date)
    where batches.stream = 'ads_insights_account'
),

ads_insights_account_pairs as (
    select *
    from (
        select
            closed.*,
            syncs._sync_id as said_by,
            lag(syncs._sync_id) over (
                partition by closed.window_start, closed.window_end, closed.account_id, closed.date_start
                order by coalesce(said.read_at, syncs.began_at), syncs._sync_id
            ) as before_id
        from ads_insights_account_closed as closed
        inner join ads_insights_account_syncs as syncs
            on syncs.account_id = closed.account_id and closed.date_start between syncs.first_day and syncs.last_day
        left join ads_insights_account_delivered as said
            on said.account_id = closed.account_id and said.date_start = closed.date_start and said._sync_id = syncs._sync_id
        where said._sync_id is not null or closed.date_start >= syncs.silent_since
    ) as said_in_order
    where said_by = sync_id and before_id is not null
),

ads_insights_account_kept as (
    select sides.side, sides.window_start, sides.window_end, history.*
    from (
        select *, 'after' as side, sync_id as side_id from ads_insights_account_pairs
        union all
        select *, 'before' as side, before_id as side_id from ads_insights_account_pairs
    ) as sides
    inner join {{ ref('stg_meta_ads__ads_insights_account') }} as history
        on history.account_id = sides.account_id and history.date_start = sides.date_start and history._sync_id = sides.side_id
    where history.account_id is not null and history.date_start is not null
    qualify row_number() over (
        partition by sides.side, sides.window_start, sides.window_end, history.account_id, history.date_start
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

ads_insights_account_said as (
    select
        side,
        window_start,
        window_end,
        account_id,
        date_start,
        'spend' as field,
        sum(cast(coalesce(spend, 0) as decimal(38, 6))) * 1 as value
    from ads_insights_account_kept
    group by side, window_start, window_end, account_id, date_start
    union all
    select
        side,
        window_start,
        window_end,
        account_id,
        date_start,
        'impressions' as field,
        sum(cast(coalesce(impressions, 0) as decimal(38, 6))) * 1 as value
    from ads_insights_account_kept
    group by side, window_start, window_end, account_id, date_start
    union all
    select
        side,
        window_start,
        window_end,
        account_id,
        date_start,
        'rows' as field,
        cast(count(*) as decimal(38, 6)) as value
    from ads_insights_account_kept
    group by side, window_start, window_end, account_id, date_start
),

ads_insights_account_compared as (
    select
        pairs.window_start,
        pairs.window_end,
        pairs.sync_id,
        cast(pairs.account_id as varchar) as account,
        pairs.date_start as day,
        figures.field,
        coalesce(after_it.value, 0) as value,
        coalesce(before_it.value, 0) as baseline
    from ads_insights_account_pairs as pairs
    cross join (values ('spend'), ('impressions'), ('rows')) as figures (field)
    left join ads_insights_account_said as after_it
        on after_it.side = 'after' and after_it.field = figures.field
        and after_it.window_start = pairs.window_start and after_it.window_end = pairs.window_end
        and after_it.account_id = pairs.account_id and after_it.date_start = pairs.date_start
    left join ads_insights_account_said as before_it
        on before_it.side = 'before' and before_it.field = figures.field
        and before_it.window_start = pairs.window_start and before_it.window_end = pairs.window_end
        and before_it.account_id = pairs.account_id and before_it.date_start = pairs.date_start
),

ads_insights_account_restated as (
    select
        window_start,
        window_end,
        'ads_insights_account' as model,
        account,
        day,
        'restated_beyond' as metric,
        field,
        value,
        baseline,
        cast(null as bigint) as baseline_n,
        '' as detail,
        sync_id
    from ads_insights_account_compared
    where value <> baseline and day < {{ plus_days('cast(window_start as date)', -29) }}
    union all
    select
        window_start,
        window_end,
        'ads_insights_account' as model,
        account,
        cast(null as date) as day,
        'restated_within' as metric,
        field,
        sum(abs(value - baseline)) as value,
        sum(baseline) as baseline,
        count(*) as baseline_n,
        '' as detail,
        max(sync_id) as sync_id
    from ads_insights_account_compared
    where value <> baseline and day >= {{ plus_days('cast(window_start as date)', -29) }}
    group by window_start, window_end, account, field
),

all_figures as (
    select * from batch_figures
    union all
    select * from ads_insights_watched
    union all
    select * from ads_insights_reconciled
    union all
    select * from ads_insights_restated
    union all
    select * from ads_insights_account_restated
),

final as (
    select
        figures.window_start,
        figures.window_end,
        'meta_ads' as source,
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
