{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='_sync_id') }}

{% if nothing_new(ref('stg_google_ads__campaign')) %}
select * from {{ this }} where false
{% else %}
with new_syncs as (

    select distinct _sync_id from {{ unseen(ref('stg_google_ads__campaign')) }} as unseen_rows

),

-- A row that one sync delivered twice counts once; the conditions are those of the current rows.
hours as (

    select history.*
    from {{ ref('stg_google_ads__campaign') }} as history
    inner join new_syncs on history._sync_id = new_syncs._sync_id
    where
        history.customer_id is not null
        and history.segments_date is not null
        and history.campaign_id is not null
        and history.segments_hour is not null
        and history.segments_ad_network_type is not null
    qualify row_number() over (
        partition by
            history._sync_id,
            history.customer_id,
            history.campaign_id,
            history.segments_date,
            history.segments_hour,
            history.segments_ad_network_type
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1

),

final as (

    select
        'google_ads' as source,
        cast(customer_id as varchar) as account_id,
        cast(campaign_id as varchar) as campaign_id,
        segments_date as date,
        {{ money('sum(metrics_cost_micros * 0.000001)') }} as spend,
        cast(sum(metrics_impressions) as bigint) as impressions,
        cast(sum(metrics_clicks) as bigint) as clicks,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        _sync_id,
        max(_load_seq) as _load_seq
    from hours
    group by customer_id, campaign_id, segments_date, _sync_id

)

select * from final
{% endif %}
