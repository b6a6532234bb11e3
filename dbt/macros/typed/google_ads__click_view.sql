{# rendered from google_ads, sha256 5af9936fdbc6d6a4d13a309d414d8d5f450baf59d3f21571f3f9c969428dfe68; change the declaration, then run `plumbline render` #}

{% macro typed_google_ads__click_view(rows) %}{{ return(adapter.dispatch('typed_google_ads__click_view')(rows)) }}{% endmacro %}

{% macro duckdb__typed_google_ads__click_view(rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        from_json(_airbyte_data, '{"ad_group.id":"BIGINT","ad_group.name":"VARCHAR","campaign.id":"BIGINT","campaign.name":"VARCHAR","click_view.ad_group_ad":"VARCHAR","click_view.gclid":"VARCHAR","click_view.keyword_info.match_type":"VARCHAR","click_view.keyword_info.text":"VARCHAR","customer.id":"BIGINT","segments.ad_network_type":"VARCHAR","segments.date":"DATE"}') as j
    from {{ rows }}
),

final as (
    select
        j."customer.id" as customer_id,
        j."click_view.gclid" as click_view_gclid,
        j."click_view.ad_group_ad" as click_view_ad_group_ad,
        j."click_view.keyword_info.match_type" as click_view_keyword_info_match_type,
        j."click_view.keyword_info.text" as click_view_keyword_info_text,
        j."campaign.id" as campaign_id,
        j."campaign.name" as campaign_name,
        j."ad_group.id" as ad_group_id,
        j."ad_group.name" as ad_group_name,
        j."segments.date" as segments_date,
        j."segments.ad_network_type" as segments_ad_network_type,
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

{% macro snowflake__typed_google_ads__click_view(rows) %}
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
        try_cast(j:"customer.id"::varchar as number(38, 0)) as customer_id,
        j:"click_view.gclid"::varchar as click_view_gclid,
        j:"click_view.ad_group_ad"::varchar as click_view_ad_group_ad,
        j:"click_view.keyword_info.match_type"::varchar as click_view_keyword_info_match_type,
        j:"click_view.keyword_info.text"::varchar as click_view_keyword_info_text,
        try_cast(j:"campaign.id"::varchar as number(38, 0)) as campaign_id,
        j:"campaign.name"::varchar as campaign_name,
        try_cast(j:"ad_group.id"::varchar as number(38, 0)) as ad_group_id,
        j:"ad_group.name"::varchar as ad_group_name,
        try_to_date(j:"segments.date"::varchar, 'YYYY-MM-DD') as segments_date,
        j:"segments.ad_network_type"::varchar as segments_ad_network_type,
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
