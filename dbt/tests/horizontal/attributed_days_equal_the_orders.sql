-- Under every model the days hold what was sold and given back, to the cent: no order is lost, none counts twice.
with sold as (

    select
        order_date as booked_on,
        {{ reporting_cents('gross_sales - discounts', 'fx_rate') }} as cents
    from {{ ref('fct_orders') }}
    where not is_test

),

returned as (

    select
        refund_date as booked_on,
        -{{ reporting_cents('subtotal', 'fx_rate') }} as cents
    from {{ ref('fct_refunds') }}
    where has_order and not is_test

),

booked as (

    select
        booked_on,
        sum(cents) as cents
    from (
        select * from sold
        union all
        select * from returned
    ) as entries
    group by booked_on

),

models as (

    select distinct model
    from {{ ref('fct_attribution') }}

),

credited as (

    select
        booked_on,
        model,
        sum(revenue_cents) as cents
    from {{ ref('fct_attribution') }}
    where conversion_type = 'order'
    group by booked_on, model

),

final as (

    select
        models.model,
        coalesce(booked.booked_on, credited.booked_on) as booked_on,
        booked.cents,
        credited.cents as credited_cents
    from booked
    cross join models
    full outer join credited on booked.booked_on = credited.booked_on and models.model = credited.model
    where booked.cents is distinct from credited.cents

)

select * from final
