with versions as (

    select * from {{ ref('stg_shopify__orders') }}

),

-- The connector reads orders by their last change, from a start on: an order that was placed before the start is loaded
-- only where it was touched later. So the earliest change of all is where the history begins.
final as (

    select
        'shopify' as source,
        shop_url as shop_id,
        min(updated_at) as known_since
    from versions
    where shop_url is not null and updated_at is not null
    group by shop_url

)

select * from final
