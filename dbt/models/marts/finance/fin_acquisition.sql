with days as {{ inlined() }} (

    select * from {{ ref('int_order_days') }}

),

spend as (

    select
        date as day,
        spend_reporting as media_spend
    from {{ ref('fct_ad_performance') }}

),

sales as (

    select
        date as day,
        gross_sales,
        net_sales
    from {{ ref('agg_channel_daily') }}

),

newcomers as (

    select
        day,
        customers
    from {{ ref('agg_new_customers') }}
    where definition = 'valid_person'

),

credits as (

    select * from {{ ref('agg_new_customer_credits') }}

),

customers as (

    select * from {{ ref('dim_customers') }}
    where is_acquisition_known

),

placed as (

    select * from {{ ref('fct_customer_orders') }}
    where is_valid

),

costs as (

    select * from {{ ref('other_costs') }}

),

rates as (

    select * from {{ ref('int_fx_periods') }}

),

models as (

    {% for model in attribution_models() -%}
    select '{{ model }}' as model
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Each fact brings its own columns and zeros for the others; days of which not all orders are loaded are left out of all.
parts as (

    select
        day,
        media_spend,
        0 as gross_sales,
        0 as net_sales,
        0 as new_customers
    from spend

    union all

    select
        day,
        0 as media_spend,
        gross_sales,
        net_sales,
        0 as new_customers
    from sales

    union all

    select
        day,
        0 as media_spend,
        0 as gross_sales,
        0 as net_sales,
        customers as new_customers
    from newcomers

),

known as (

    select
        cast({{ dbt.date_trunc('month', 'parts.day') }} as date) as month,
        days.first_day,
        days.last_day,
        parts.media_spend,
        parts.gross_sales,
        parts.net_sales,
        parts.new_customers
    from parts
    inner join days on parts.day between days.first_day and days.last_day

),

months as (

    select
        month,
        greatest(month, max(first_day)) as first_day,
        least({{ plus_days(month_after('month', 1), -1) }}, max(last_day)) as last_day,
        {{ money('sum(media_spend)') }} as media_spend,
        {{ money('sum(gross_sales)') }} as gross_sales,
        {{ money('sum(net_sales)') }} as net_sales,
        cast(sum(new_customers) as bigint) as new_customers
    from known
    group by month

),

-- The costs of a month that is not whole count by its days; a cost without a rate makes their sum unknown.
priced_costs as (

    select
        costs.month,
        case when count(*) = count(rates.rate) then {{ money('sum(costs.amount * rates.rate)') }} end as amount
    from costs
    left join rates
        on
            costs.currency = rates.currency
            and costs.month >= rates.valid_from
            and (costs.month < rates.valid_until or rates.valid_until is null)
    group by costs.month

),

costed as (

    select
        months.*,
        {{ money(
            'priced_costs.amount * '
            ~ dbt.datediff('months.first_day', plus_days('months.last_day', 1), 'day')
            ~ ' / ' ~ dbt.datediff('months.month', month_after('months.month', 1), 'day')
        ) }} as other_costs
    from months
    left join priced_costs on months.month = priced_costs.month

),

credited as (

    select
        cast({{ dbt.date_trunc('month', 'credits.day') }} as date) as month,
        credits.model,
        case when credits.media = 'paid' then credits.customers else 0 end as customers
    from credits
    inner join days on credits.day between days.first_day and days.last_day

),

paid as (

    select
        month,
        model,
        cast(sum(customers) as decimal(38, 6)) as paid_new_customers
    from credited
    group by month, model

),

-- What the customers of a month brought by their age, in months of 30 days: 0 is the day of the first order.
aged as (

    select
        customers.cohort_month as month,
        floor(({{ dbt.datediff('customers.first_ordered_on', 'placed.order_date', 'day') }} + 29) / 30) as age_months,
        placed.contribution
    from placed
    inner join customers on placed.person_id = customers.person_id
    inner join days on customers.first_ordered_on >= days.first_day

),

earned as (

    select
        month,
        age_months,
        sum(contribution) as contribution,
        count(*) - count(contribution) as unpriced
    from aged
    group by month, age_months

),

earned_so_far as (

    select
        month,
        age_months,
        sum(contribution) over (partition by month order by age_months) as contribution,
        sum(unpriced) over (partition by month order by age_months) as unpriced
    from earned

),

-- An age counts once the last customer of the month has reached it.
paid_back as (

    select
        costed.month,
        cast(min(earned_so_far.age_months) as integer) as payback_months
    from costed
    inner join earned_so_far on costed.month = earned_so_far.month
    cross join days
    where
        earned_so_far.unpriced = 0
        and earned_so_far.contribution >= costed.media_spend + costed.other_costs
        and {{ plus_days('costed.last_day', 'cast(30 * earned_so_far.age_months as integer)') }} < days.last_day
    group by costed.month

),

final as (

    select
        costed.month,
        models.model,
        '{{ reporting_currency() }}' as reporting_currency,
        costed.first_day,
        costed.last_day,
        costed.first_day = costed.month
        and {{ plus_days('costed.last_day', 1) }} = {{ month_after('costed.month', 1) }} as is_whole_month,
        costed.media_spend,
        costed.other_costs,
        costed.gross_sales,
        costed.net_sales,
        costed.new_customers,
        coalesce(paid.paid_new_customers, 0) as paid_new_customers,
        {{ ratio('costed.media_spend', 'paid.paid_new_customers') }} as cac_paid,
        {{ ratio('costed.media_spend', 'costed.new_customers') }} as cac_blended_media,
        {{ ratio('costed.media_spend + costed.other_costs', 'costed.new_customers') }} as cac_fully_loaded,
        {{ ratio('costed.gross_sales', 'costed.media_spend') }} as mer_gross,
        {{ ratio('costed.net_sales', 'costed.media_spend') }} as mer_net,
        paid_back.payback_months,
        'cac_paid = media_spend / paid_new_customers, by the credits that ' || models.model || ' gives to paid channels;'
        || ' cac_blended_media = media_spend / new_customers;'
        || ' cac_fully_loaded = (media_spend + other_costs) / new_customers;'
        || ' mer_gross = gross_sales / media_spend; mer_net = net_sales / media_spend;'
        || ' payback_months = months of 30 days until contribution of the customers >= media_spend + other_costs'
            as formula
    from costed
    cross join models
    left join paid on costed.month = paid.month and models.model = paid.model
    left join paid_back on costed.month = paid_back.month

)

select * from final
