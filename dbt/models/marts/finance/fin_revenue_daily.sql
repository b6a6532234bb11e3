with entries as (

    {{ revenue_entries(ref('fct_orders'), ref('fct_refunds')) }}

),

placed as (

    select
        'order_date' as basis,
        entries.ordered_on as day,
        entries.*
    from entries

    union all

    select
        'refund_date' as basis,
        entries.booked_on as day,
        entries.*
    from entries

),

final as (

    {{ revenue_of_days('placed') }}

)

select * from final
