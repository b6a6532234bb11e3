{%- set ages = [0, 30, 60, 90, 180, 360] -%}

with placed as (

    select * from {{ ref('fct_customer_orders') }}
    where is_valid

),

customers as (

    select * from {{ ref('dim_customers') }}
    where is_acquisition_known

),

days as (

    select * from {{ ref('int_order_days') }}

),

aged as (

    select
        customers.cohort_month,
        customers.first_touch_channel as channel,
        placed.valid_order_number,
        placed.gross_sales,
        placed.net_sales,
        placed.contribution,
        {{ dbt.datediff('customers.first_ordered_on', 'placed.order_date', 'day') }} as age
    from placed
    inner join customers on placed.person_id = customers.person_id

),

-- Each order falls into the first age that holds it; a cell is the sum of all steps up to its age.
stepped as (

    select
        *,
        case
            {% for age in ages -%}
            when age <= {{ age }} then {{ age }}
            {% endfor -%}
        end as age_days
    from aged
    where age <= {{ ages[-1] }}

),

steps as (

    select
        cohort_month,
        channel,
        age_days,
        sum(case when valid_order_number = 1 then 1 else 0 end) as customers,
        sum(case when valid_order_number = 2 then 1 else 0 end) as retained,
        count(*) as orders,
        sum(gross_sales) as gross_sales,
        sum(net_sales) as net_sales,
        sum(contribution) as contribution,
        count(contribution) as priced_orders
    from stepped
    group by cohort_month, channel, age_days

),

ages as (

    {% for age in ages -%}
    select {{ age }} as age_days
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

cells as (

    select
        steps.cohort_month,
        steps.channel,
        ages.age_days,
        sum(steps.customers) as customers,
        sum(steps.retained) as retained,
        sum(steps.orders) as orders,
        {{ money('sum(steps.gross_sales)') }} as gross_sales,
        {{ money('sum(steps.net_sales)') }} as net_sales,
        case when sum(steps.priced_orders) = sum(steps.orders) then {{ money('sum(steps.contribution)') }} end
            as contribution
    from steps
    inner join ages on steps.age_days <= ages.age_days
    group by steps.cohort_month, steps.channel, ages.age_days

),

-- The day on which the youngest customer of the month is older than the cell's age.
dated as (

    select
        cells.*,
        {{ plus_days(month_after('cells.cohort_month', 1), 'cells.age_days') }} as matures_on,
        cells.cohort_month >= days.first_whole_month as is_whole_month,
        days.last_day
    from cells
    cross join days

),

-- A cell whose customers have not all reached the age shows when it will be there, and no number.
final as (

    select
        cohort_month,
        channel,
        age_days,
        matures_on,
        last_day >= matures_on as is_mature,
        is_whole_month,
        {% for column in ['customers', 'retained', 'orders'] -%}
        cast(case when last_day >= matures_on then {{ column }} end as bigint) as {{ column }},
        {% endfor -%}
        {% for column in ['gross_sales', 'net_sales', 'contribution'] -%}
        case when last_day >= matures_on then {{ column }} end as {{ column }},
        {% endfor -%}
        case when last_day >= matures_on then {{ ratio('retained', 'customers') }} end as retention,
        case when last_day >= matures_on then {{ ratio('gross_sales', 'customers') }} end as ltv_gross,
        case when last_day >= matures_on then {{ ratio('net_sales', 'customers') }} end as ltv_net,
        case when last_day >= matures_on then {{ ratio('contribution', 'customers') }} end as ltv_contribution
    from dated

)

select * from final
