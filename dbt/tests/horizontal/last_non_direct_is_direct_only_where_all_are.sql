-- Direct gets the credit of last_non_direct only where the person never came otherwise within the window.
with credited as (

    select * from {{ ref('fct_attribution') }}

),

final as (

    select direct.entry_id
    from credited as direct
    inner join credited as other
        on direct.entry_id = other.entry_id and other.model = 'linear' and lower(other.channel) <> 'direct'
    where direct.model = 'last_non_direct' and lower(direct.channel) = 'direct'

)

select * from final
