with contacts as (

    select * from {{ ref('int_hubspot__contacts') }}

),

-- The survivor names those that were merged into it; their own rows stay as they were last seen.
named as (

    {{ list_entries('contacts', 'id', 'properties_hs_merged_object_ids', ';') }}

),

-- Of a chain of merges the last survivor counts: it is the one that nobody names.
survivors as (

    select
        named.item as contact_id,
        named.id as merged_into,
        row_number() over (
            partition by named.item
            order by case when later.item is null then 0 else 1 end, named.id
        ) as place
    from named
    left join (select distinct item from named) as later on named.id = later.item
    where named.item <> named.id

),

final as (

    select
        'hubspot' as source,
        contact_id,
        merged_into
    from survivors
    where place = 1

)

select * from final
