with ad_performance as (

    select * from {{ ref('fct_ad_performance') }}

),

sessions as (

    select * from {{ ref('fct_sessions') }}

),

campaigns as (

    select * from {{ ref('dim_campaign') }}

),

near as (

    select * from {{ ref('int_near_names') }}

),

latest as (

    select max(date) as last_day from ad_performance

),

recent as (

    select ad_performance.*
    from ad_performance
    cross join latest
    where ad_performance.date > {{ plus_days('latest.last_day', -work_list_days()) }}

),

spent as (

    select
        source,
        account_id,
        campaign_id,
        min(date) as first_day,
        max(date) as last_day,
        {{ money('sum(spend_reporting)') }} as spend,
        sum(clicks) as clicks
    from recent
    group by source, account_id, campaign_id

),

totals as (

    select sum(spend) as spend from spent

),

-- A visit on any of the days is enough: the list is about campaigns that nobody can be seen to have come from.
visited as (

    select distinct
        sessions.ad_source,
        sessions.account_id,
        sessions.campaign_id
    from sessions
    cross join latest
    where
        sessions.campaign_id is not null
        and sessions.session_date > {{ plus_days('latest.last_day', -work_list_days()) }}

),

suggestions as (

    select *
    from near
    where likeness >= 0.2
    qualify row_number() over (
        partition by source, account_id, campaign_id order by likeness desc, tag_key
    ) = 1

),

final as (

    select
        row_number() over (order by spent.spend desc, spent.source, spent.account_id, spent.campaign_id) as place,
        spent.source,
        spent.account_id,
        spent.campaign_id,
        campaigns.campaign_name,
        campaigns.channel,
        spent.first_day,
        spent.last_day,
        spent.spend,
        {{ ratio('spent.spend', 'totals.spend') }} as share_of_spend,
        cast(spent.clicks as bigint) as clicks,
        suggestions.tag_key as near_tag,
        suggestions.likeness
    from spent
    cross join totals
    left join visited
        on
            spent.source = visited.ad_source
            and spent.account_id = visited.account_id
            and spent.campaign_id = visited.campaign_id
    left join campaigns
        on
            spent.source = campaigns.source
            and spent.account_id = campaigns.account_id
            and spent.campaign_id = campaigns.campaign_id
    left join suggestions
        on
            spent.source = suggestions.source
            and spent.account_id = suggestions.account_id
            and spent.campaign_id = suggestions.campaign_id
    where visited.campaign_id is null and spent.spend > 0

)

select * from final
