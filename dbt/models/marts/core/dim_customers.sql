with orders as (

    select * from {{ ref('fct_customer_orders') }}
    where person_id is not null and not is_test

),

first_touches as (

    select
        conversion_id,
        channel,
        touched_at,
        is_unattributed
    from {{ ref('fct_attribution') }}
    where model = 'first_touch' and entry_type = 'sale' and conversion_type = 'order'

),

people as (

    select
        person_id,
        min(order_date) as first_placed_on,
        min(case when is_new_shopify then order_date end) as first_record_ordered_on,
        count(distinct source || ':' || customer_id) as customer_records,
        count(*) as placed_orders,
        max(valid_order_number) as orders,
        max(case when is_valid then processed_at end) as last_ordered_at,
        max(case when is_valid then order_date end) as last_ordered_on,
        {{ money('sum(case when is_valid then gross_sales end)') }} as gross_sales,
        {{ money('sum(case when is_valid then net_sales end)') }} as net_sales,
        case
            when count(case when is_valid then contribution end) = max(valid_order_number)
                then {{ money('sum(case when is_valid then contribution end)') }}
        end as contribution
    from orders
    group by person_id

),

final as (

    select
        orders.person_id,
        orders.known_by,
        orders.source as first_source,
        orders.shop_id as first_shop_id,
        orders.order_id as first_order_id,
        orders.processed_at as first_ordered_at,
        orders.order_date as first_ordered_on,
        people.first_placed_on,
        people.first_record_ordered_on,
        cast({{ dbt.date_trunc('month', 'orders.order_date') }} as date) as cohort_month,
        coalesce(first_touches.channel, 'Direct') as first_touch_channel,
        first_touches.touched_at as first_touched_at,
        not coalesce(first_touches.is_unattributed, true) as is_first_touch_known,
        cast(people.customer_records as integer) as customer_records,
        cast(people.placed_orders as integer) as placed_orders,
        people.orders,
        people.gross_sales,
        people.net_sales,
        people.contribution,
        people.last_ordered_at,
        people.last_ordered_on,
        orders.is_history_known,
        orders.is_history_known and orders.is_covered as is_acquisition_known
    from orders
    inner join people on orders.person_id = people.person_id
    left join first_touches
        on 'order:' || orders.source || ':' || orders.shop_id || ':' || orders.order_id = first_touches.conversion_id
    where orders.valid_order_number = 1

)

select * from final
