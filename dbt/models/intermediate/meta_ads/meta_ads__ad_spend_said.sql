{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key='_sync_id') }}

{% if nothing_new(ref('stg_meta_ads__ads_insights')) %}
select * from {{ this }} where false
{% else %}
with new_syncs as (

    select distinct _sync_id from {{ unseen(ref('stg_meta_ads__ads_insights')) }} as unseen_rows

),

-- A row that one sync delivered twice counts once; the conditions are those of the current rows.
ad_days as (

    select history.*
    from {{ ref('stg_meta_ads__ads_insights') }} as history
    inner join new_syncs on history._sync_id = new_syncs._sync_id
    where
        history.account_id is not null
        and history.date_start is not null
        and history.ad_id is not null
    qualify row_number() over (
        partition by history._sync_id, history.account_id, history.ad_id, history.date_start
        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1

),

-- The rule of the clicks is that of meta_ads__ad_performance, for each sync on its own.
measured as (

    select
        *,
        case
            when count(outbound_clicks) over (partition by account_id, date_start, _sync_id) > 0
                then coalesce(outbound_clicks, 0)
            else coalesce(inline_link_clicks, 0)
        end as site_clicks
    from ad_days

),

final as (

    select
        'meta_ads' as source,
        account_id,
        campaign_id,
        date_start as date,
        {{ money('sum(coalesce(spend, 0))') }} as spend,
        cast(sum(coalesce(impressions, 0)) as bigint) as impressions,
        cast(sum(site_clicks) as bigint) as clicks,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        _sync_id,
        max(_load_seq) as _load_seq
    from measured
    group by account_id, campaign_id, date_start, _sync_id

)

select * from final
{% endif %}
