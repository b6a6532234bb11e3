with history as (

    select * from {{ ref('fct_ad_spend_history') }}

),

ad_performance as (

    select * from {{ ref('fct_ad_performance') }}

),

-- Where a release held the spend, its days were signed with the next one that brought it: counted back from the newest,
-- each release with new spend begins a part, and the older ones without are of that part.
parts as (

    select
        *,
        sum(case when has_new_spend then 1 else 0 end) over (
            order by published_at desc, release_id desc rows between unbounded preceding and current row
        ) as part
    from {{ ref('int_releases') }}

),

releases as (

    select
        first_date,
        last_date,
        is_final,
        max(case when has_new_spend then release_id end) over (partition by part) as release_id,
        max(case when has_new_spend then published_at end) over (partition by part) as published_at
    from parts
    where part > 0

),

rates as (

    select * from {{ ref('int_fx_periods') }}

),

-- When the warehouse learned of a sync: the clock on which releases are published. A sync's own time says when the
-- platform was asked, which may be long before.
loaded as (

    select
        source,
        sync_id,
        min(loaded_at) as loaded_at
    from {{ source('plumbline', 'load_ledger') }}
    group by source, sync_id

),

campaign_days as (

    select
        source,
        account_id,
        campaign_id,
        date,
        max(currency) as currency,
        sum(spend) as spend
    from ad_performance
    group by source, account_id, campaign_id, date

),

accounts as (

    select
        source,
        account_id,
        max(currency) as currency
    from campaign_days
    group by source, account_id

),

days as (

    select distinct date from history

),

-- The release that a day was signed with: its last final one, else its last provisional one.
signed as (

    select
        days.date,
        releases.release_id,
        releases.published_at
    from days
    inner join releases on days.date between releases.first_date and releases.last_date
    qualify
        row_number() over (
            partition by days.date
            order by releases.is_final desc, releases.published_at desc, releases.release_id desc
        ) = 1

),

-- Each version as the change that it brought, with whether the signed release could know of it.
changes as (

    select
        history.source,
        history.account_id,
        history.campaign_id,
        history.date,
        history.version,
        history.sync_id,
        history.known_from,
        history.is_vanished,
        accounts.currency,
        rates.rate,
        history.spend,
        lag(history.spend) over (
            partition by history.source, history.account_id, history.campaign_id, history.date
            order by history.version
        ) as spend_before,
        signed.release_id,
        coalesce(loaded.loaded_at, history.known_from) <= signed.published_at as was_known
    from history
    left join accounts on history.source = accounts.source and history.account_id = accounts.account_id
    left join rates
        on
            accounts.currency = rates.currency
            and history.date >= rates.valid_from
            and (history.date < rates.valid_until or rates.valid_until is null)
    left join loaded on history.source = loaded.source and history.sync_id = loaded.sync_id
    left join signed on history.date = signed.date

),

-- The signed figure is that of the newest version known by then, whatever was loaded out of turn.
placed as (

    select
        *,
        max(case when was_known then version else 0 end) over (
            partition by source, account_id, campaign_id, date
        ) as signed_version
    from changes

),

heard as (

    select
        source,
        account_id,
        campaign_id,
        date,
        currency,
        case
            when release_id is null then 'not_published'
            when version <= signed_version then 'as_published'
            when version = 1 then 'late_rows'
            when is_vanished then 'vanished'
            when spend > spend_before then 'restated'
            else 'credits'
        end as step,
        version,
        sync_id,
        known_from,
        release_id,
        spend - coalesce(spend_before, 0) as amount,
        {{ reported_cents('spend', 'rate') }} - {{ reported_cents('coalesce(spend_before, 0)', 'rate') }} as amount_cents
    from placed

),

unheard as (

    select
        campaign_days.source,
        campaign_days.account_id,
        campaign_days.campaign_id,
        campaign_days.date,
        campaign_days.currency,
        'without_history' as step,
        cast(0 as bigint) as version,
        cast(null as bigint) as sync_id,
        cast(null as timestamp) as known_from,
        cast(null as varchar) as release_id,
        campaign_days.spend as amount,
        {{ reported_cents('campaign_days.spend', 'rates.rate') }} as amount_cents
    from campaign_days
    left join history
        on
            campaign_days.source = history.source
            and campaign_days.account_id = history.account_id
            and campaign_days.campaign_id = history.campaign_id
            and campaign_days.date = history.date
            and history.version = 1
    left join rates
        on
            campaign_days.currency = rates.currency
            and campaign_days.date >= rates.valid_from
            and (campaign_days.date < rates.valid_until or rates.valid_until is null)
    where history.source is null

),

final as (

    select
        source,
        account_id,
        campaign_id,
        date,
        {{ month_of('date') }} as month,
        step,
        version,
        sync_id,
        known_from,
        release_id,
        currency,
        {{ money('amount') }} as amount,
        cast(amount_cents as decimal(38, 0)) as amount_cents
    from heard
    where amount <> 0

    union all

    select
        source,
        account_id,
        campaign_id,
        date,
        {{ month_of('date') }} as month,
        step,
        version,
        sync_id,
        known_from,
        release_id,
        currency,
        {{ money('amount') }} as amount,
        cast(amount_cents as decimal(38, 0)) as amount_cents
    from unheard
    where amount <> 0

)

select * from final
