with placed as (

    select * from {{ ref('fct_customer_orders') }}
    where is_new_valid_person

),

credited as (

    select
        conversion_id,
        model,
        channel,
        credit
    from {{ ref('fct_attribution') }}
    where conversion_type = 'order' and entry_type = 'sale'

),

media as (

    select * from {{ ref('channel_media') }}

),

new_customers as (

    select
        'order:' || source || ':' || shop_id || ':' || order_id as conversion_id,
        order_date as day
    from placed

),

final as (

    select
        new_customers.day,
        credited.model,
        credited.channel,
        coalesce(media.media, 'organic') as media,
        cast(sum(credited.credit) as decimal(38, 12)) as customers
    from new_customers
    inner join credited on new_customers.conversion_id = credited.conversion_id
    left join media on credited.channel = media.channel
    group by new_customers.day, credited.model, credited.channel, coalesce(media.media, 'organic')

)

select * from final
