with reported as (

    {% for source in sources_providing('ad_performance') -%}
    select
        source,
        account_id,
        campaign_id,
        campaign_name,
        campaign_type,
        campaign_status,
        date,
        extracted_at
    from {{ ref(source ~ '__ad_performance') }}
    where campaign_id is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

latest as (

    select
        *,
        min(date) over (partition by source, account_id, campaign_id) as first_date,
        max(date) over (partition by source, account_id, campaign_id) as last_date
    from reported
    qualify
        row_number() over (
            partition by source, account_id, campaign_id
            order by date desc, extracted_at desc, campaign_name nulls last, campaign_status nulls last
        ) = 1

),

-- What the channel rules are asked: spend of a platform is paid traffic of that platform.
asked as (

    select
        *,
        source as traffic_source,
        'cpc' as traffic_medium,
        campaign_name as traffic_campaign,
        cast(null as varchar) as click_id_type,
        {{ traffic_key('source', "'cpc'", 'campaign_name', 'null', 'campaign_type') }} as traffic_key
    from latest

),

channels as (

    {{ channels_of('asked') }}

),

final as (

    select
        asked.source,
        asked.account_id,
        asked.campaign_id,
        asked.campaign_name,
        asked.campaign_type,
        lower(asked.campaign_status) as status,
        coalesce(channels.channel, 'Unassigned') as channel,
        asked.first_date,
        asked.last_date
    from asked
    left join channels on asked.traffic_key = channels.traffic_key

)

select * from final
