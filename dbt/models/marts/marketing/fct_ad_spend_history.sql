{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['source', 'account_id', 'date']
) }}
{%- set order_of_saying = 'partition by source, account_id, campaign_id, date order by said_at, _sync_id' %}

with said as (

    {% for source in sources_providing('ad_spend_said') -%}
    select
        source,
        account_id,
        campaign_id,
        date,
        spend,
        impressions,
        clicks,
        {{ reach_of(source) }} as reach,
        began_at,
        read_at,
        _sync_id,
        _load_seq
    from {{ ref(source ~ '__ad_spend_said') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

delivered as (

    select
        source,
        account_id,
        date,
        _sync_id,
        min(began_at) as began_at,
        max(read_at) as read_at,
        max(reach) as reach,
        max(_load_seq) as _load_seq
    from said
    group by source, account_id, date, _sync_id

),

-- A sync spoke about every day that it brought of an account, and about the silent days before its last one as far back
-- as the source restates.
syncs as (

    select
        source,
        account_id,
        _sync_id,
        min(date) as first_day,
        max(date) as last_day,
        {{ plus_days('max(date)', '-max(reach)') }} as silent_since,
        min(began_at) as began_at,
        max(_load_seq) as _load_seq
    from delivered
    group by source, account_id, _sync_id

),

-- Account days about which a new sync spoke; their whole history is written again.
touched as (

    select distinct
        delivered.source,
        delivered.account_id,
        delivered.date
    from delivered
    inner join syncs
        on
            delivered.source = syncs.source
            and delivered.account_id = syncs.account_id
            and delivered.date between syncs.first_day and syncs.last_day
    {% if is_incremental() -%}
    where syncs._load_seq > {{ known_load_seq(this) }}
    {%- endif %}

),

statements as (

    select
        touched.source,
        touched.account_id,
        touched.date,
        syncs._sync_id,
        coalesce(delivered.read_at, syncs.began_at) as said_at,
        syncs._load_seq
    from touched
    inner join syncs
        on
            touched.source = syncs.source
            and touched.account_id = syncs.account_id
            and touched.date between syncs.first_day and syncs.last_day
    left join delivered
        on
            touched.source = delivered.source
            and touched.account_id = delivered.account_id
            and touched.date = delivered.date
            and syncs._sync_id = delivered._sync_id
    where delivered._sync_id is not null or touched.date >= syncs.silent_since

),

campaigns as (

    select distinct
        said.source,
        said.account_id,
        said.date,
        said.campaign_id
    from said
    inner join touched
        on said.source = touched.source and said.account_id = touched.account_id and said.date = touched.date

),

-- What every statement says about every campaign that any statement knows; silence is zero and vanished.
figures as (

    select
        statements.source,
        statements.account_id,
        campaigns.campaign_id,
        statements.date,
        statements._sync_id,
        statements.said_at,
        statements._load_seq,
        coalesce(said.spend, 0) as spend,
        coalesce(said.impressions, 0) as impressions,
        coalesce(said.clicks, 0) as clicks,
        said._sync_id is null as is_vanished
    from statements
    inner join campaigns
        on
            statements.source = campaigns.source
            and statements.account_id = campaigns.account_id
            and statements.date = campaigns.date
    left join said
        on
            statements.source = said.source
            and statements.account_id = said.account_id
            and statements.date = said.date
            and statements._sync_id = said._sync_id
            and campaigns.campaign_id = said.campaign_id

),

compared as (

    select
        *,
        case
            when
                coalesce(lag(is_vanished) over ({{ order_of_saying }}), true) <> is_vanished
                or lag(spend) over ({{ order_of_saying }}) <> spend
                or lag(impressions) over ({{ order_of_saying }}) <> impressions
                or lag(clicks) over ({{ order_of_saying }}) <> clicks
                then 1
            else 0
        end as is_change
    from figures

),

-- Version 0 is the silence before a campaign was first heard of.
numbered as (

    select
        *,
        sum(is_change) over (
            {{ order_of_saying }} rows between unbounded preceding and current row
        ) as version
    from compared

),

versions as (

    select
        source,
        account_id,
        campaign_id,
        date,
        version,
        max(spend) as spend,
        max(impressions) as impressions,
        max(clicks) as clicks,
        max(case when is_vanished then 1 else 0 end) = 1 as is_vanished,
        min(said_at) as known_from,
        max(said_at) as last_said_at,
        max(case when is_change = 1 then _sync_id end) as sync_id,
        max(_load_seq) as _load_seq
    from numbered
    where version > 0
    group by source, account_id, campaign_id, date, version

),

final as (

    select
        source,
        account_id,
        campaign_id,
        date,
        version,
        {{ money('spend') }} as spend,
        cast(impressions as bigint) as impressions,
        cast(clicks as bigint) as clicks,
        is_vanished,
        known_from,
        lead(known_from) over (partition by source, account_id, campaign_id, date order by version) as known_to,
        last_said_at,
        sync_id,
        _load_seq
    from versions

)

select * from final
