-- Every campaign that spends is in the dimension, so no spend falls out of its channel.
with facts as (

    select distinct
        source,
        account_id,
        campaign_id
    from {{ ref('fct_ad_performance') }}

),

final as (

    select facts.*
    from facts
    left join {{ ref('dim_campaign') }} as campaigns
        on
            facts.source = campaigns.source
            and facts.account_id = campaigns.account_id
            and facts.campaign_id = campaigns.campaign_id
    where campaigns.campaign_id is null

)

select * from final
