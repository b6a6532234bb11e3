with touches as {{ inlined() }} (

    select * from {{ ref('fct_touchpoints') }}

),

conversions as (

    select *
    from {{ ref('fct_conversions') }}
    where conversion_type = 'order'

),

credited as (

    select * from {{ ref('fct_attribution') }}

),

days as (

    select
        max(touched_on) as last_day,
        {{ plus_days('max(touched_on)', -29) }} as first_day
    from touches

),

converted as (

    select
        credited.conversion_id,
        {{ dbt.listagg('credited.channel', "' > '", 'order by credited.touched_at, credited.touch_id') }} as path,
        sum(credited.revenue_cents) as revenue_cents
    from credited
    cross join days
    where
        credited.model = 'linear'
        and credited.entry_type = 'sale'
        and credited.conversion_type = 'order'
        and not credited.is_unattributed
        and credited.booked_on between days.first_day and days.last_day
    group by credited.conversion_id

),

buyers as (

    select distinct conversions.person_id
    from conversions
    cross join days
    where conversions.person_id is not null and conversions.converted_on between days.first_day and days.last_day

),

lost as (

    select
        touches.person_id,
        {{ dbt.listagg('touches.channel', "' > '", 'order by touches.touched_at, touches.touch_id') }} as path
    from touches
    inner join days on touches.touched_on between days.first_day and days.last_day
    left join buyers on touches.person_id = buyers.person_id
    where buyers.person_id is null
    group by touches.person_id

),

journeys as (

    select
        path,
        1 as conversions,
        revenue_cents,
        0 as nulls
    from converted

    union all

    select
        path,
        0 as conversions,
        0 as revenue_cents,
        1 as nulls
    from lost

),

final as (

    select
        journeys.path,
        days.first_day,
        days.last_day,
        cast(sum(journeys.conversions) as bigint) as total_conversions,
        cast(sum(journeys.revenue_cents) as bigint) as total_revenue_cents,
        cast(sum(journeys.nulls) as bigint) as total_null
    from journeys
    cross join days
    group by journeys.path, days.first_day, days.last_day

)

select * from final
