with entered as (

    select count(distinct id) as contacts
    from {{ ref('stg_hubspot__contacts') }}
    where properties_hs_lifecyclestage_lead_date is not null

),

mart as (

    select count(*) as contacts
    from {{ ref('int_leads') }}
    where source = 'hubspot' and stage = 'lead'

),

final as (

    select
        entered.contacts,
        mart.contacts as contacts_in_mart
    from entered
    cross join mart
    where entered.contacts <> mart.contacts

)

select * from final
