-- A channel that channel_rules can give and channel_media does not know would count as organic unnoticed.
with rules as (

    select * from {{ ref('channel_rules') }}

),

media as (

    select * from {{ ref('channel_media') }}

),

final as (

    select distinct rules.channel
    from rules
    left join media on rules.channel = media.channel
    where media.channel is null

)

select * from final
