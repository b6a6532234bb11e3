-- What is known now, at the end of the history, is what the mart shows. A campaign that only its ads report (none of the
-- platform's campaign rows) has no history and is left out.
with known as (

    select
        source,
        account_id,
        campaign_id,
        date,
        spend,
        impressions,
        clicks
    from {{ ref('fct_ad_spend_history') }}
    where known_to is null and not is_vanished

),

shown as (

    select
        source,
        account_id,
        campaign_id,
        date,
        sum(spend) as spend,
        sum(impressions) as impressions,
        sum(clicks) as clicks
    from {{ ref('fct_ad_performance') }}
    group by source, account_id, campaign_id, date

),

final as (

    select
        known.source,
        known.account_id,
        known.campaign_id,
        known.date,
        known.spend as known_spend,
        shown.spend as shown_spend
    from known
    left join shown
        on
            known.source = shown.source
            and known.account_id = shown.account_id
            and known.campaign_id = shown.campaign_id
            and known.date = shown.date
    where
        known.spend <> coalesce(shown.spend, 0)
        or known.impressions <> coalesce(shown.impressions, 0)
        or known.clicks <> coalesce(shown.clicks, 0)

)

select * from final
