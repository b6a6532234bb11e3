{{ config(materialized='view') }}

with id_map as (

    select * from {{ source('identity', 'id_map') }}

),

final as (

    select
        identifier_type,
        identifier_token as token,
        person_id,
        rule,
        confidence,
        evidence,
        valid_from
    from id_map
    where valid_to is null

)

select * from final
