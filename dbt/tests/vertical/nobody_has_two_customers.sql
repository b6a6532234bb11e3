-- An id that a system gives to one person is held once by a person; two of them are one only where the system said so.
with ids as (

    select * from {{ ref('int_id_map') }}

),

final as (

    select
        person_id,
        identifier_type,
        count(*) as ids
    from ids
    where
        identifier_type in ('shopify_customer_id', 'user_id', 'hubspot_id', 'salesforce_id', 'stripe_customer_id')
        and rule <> 'stated_merge'
    group by person_id, identifier_type
    having count(*) > 1

)

select * from final
