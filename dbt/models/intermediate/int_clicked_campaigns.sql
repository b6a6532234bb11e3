{{ config(materialized='view') }}

-- What dim_campaign says of the platforms that send their clicks, and of no other: an order finds its campaign by a click,
-- so a fault in the reports of a platform without clicks is none of the books.
with reported as (

    {% for source in sources_providing('clicks') -%}
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

final as (

    select
        source,
        account_id,
        campaign_id,
        campaign_name,
        campaign_type
    from reported
    qualify
        row_number() over (
            partition by source, account_id, campaign_id
            order by date desc, extracted_at desc, campaign_name nulls last, campaign_status nulls last
        ) = 1

)

select * from final
