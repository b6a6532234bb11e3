{{ config(materialized='incremental', incremental_strategy='append') }}

with reports as (

    select * from {{ ref('stg_google_ads__campaign') }}
    where _load_seq > {{ known_load_seq(this) }} and campaign_id is not null and campaign_name is not null

),

final as (

    select
        'google_ads' as source,
        cast(customer_id as varchar) as account_id,
        cast(campaign_id as varchar) as campaign_id,
        campaign_name,
        cast(_extracted_at as date) as said_on,
        min(_extracted_at) as said_at,
        max(_load_seq) as _load_seq
    from reports
    group by customer_id, campaign_id, campaign_name, cast(_extracted_at as date)

)

select * from final
