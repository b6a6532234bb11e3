{# rendered from ga4, sha256 18922bf8a4d7dc988a15f8accd783dd5f5576f1d1fd94f9d1bef55959ae9736f; change the declaration, then run `plumbline render` #}

{% macro typed_ga4__sessions_by_channel(rows) %}{{ return(adapter.dispatch('typed_ga4__sessions_by_channel')(rows)) }}{% endmacro %}

{% macro duckdb__typed_ga4__sessions_by_channel(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"date":"VARCHAR","engagedSessions":"BIGINT","keyEvents":"DECIMAL(28,9)","property_id":"VARCHAR","purchaseRevenue":"DECIMAL(28,9)","sessionCampaignName":"VARCHAR","sessionDefaultChannelGroup":"VARCHAR","sessionMedium":"VARCHAR","sessionSource":"VARCHAR","sessions":"BIGINT","totalUsers":"BIGINT"}') as j
    from {{ rows }}
),

final as (
    select
        j."property_id" as property_id,
        cast(try_strptime(j."date", '%Y%m%d') as date) as date,
        j."sessionSource" as sessionsource,
        j."sessionMedium" as sessionmedium,
        j."sessionCampaignName" as sessioncampaignname,
        j."sessionDefaultChannelGroup" as sessiondefaultchannelgroup,
        j."sessions" as sessions,
        j."engagedSessions" as engagedsessions,
        j."totalUsers" as totalusers,
        cast(j."keyEvents" as decimal(38, 9)) as keyevents,
        cast(j."purchaseRevenue" as decimal(38, 9)) as purchaserevenue,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from parsed
)

select * from final
{% endmacro %}

{% macro snowflake__typed_ga4__sessions_by_channel(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        try_parse_json(_airbyte_data) as j
    from {{ rows }}
),

final as (
    select
        j:"property_id"::varchar as property_id,
        try_to_date(j:"date"::varchar, 'YYYYMMDD') as date,
        j:"sessionSource"::varchar as sessionsource,
        j:"sessionMedium"::varchar as sessionmedium,
        j:"sessionCampaignName"::varchar as sessioncampaignname,
        j:"sessionDefaultChannelGroup"::varchar as sessiondefaultchannelgroup,
        try_cast(j:"sessions"::varchar as number(38, 0)) as sessions,
        try_cast(j:"engagedSessions"::varchar as number(38, 0)) as engagedsessions,
        try_cast(j:"totalUsers"::varchar as number(38, 0)) as totalusers,
        try_cast(j:"keyEvents"::varchar as number(28, 9))::number(38, 9) as keyevents,
        try_cast(j:"purchaseRevenue"::varchar as number(28, 9))::number(38, 9) as purchaserevenue,
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from parsed
)

select * from final
{% endmacro %}
