{# Customers by the month of their first order: one text for the mart and for `plumbline try cohorts`.

   Relation: orders (order_id, customer_id, ordered_on, net_sales). Result: one row per month of first order and number
   of months since then in which somebody ordered. Months without an order have no row. #}
{% macro cohort_months(orders) -%}
with placed as (

        select
            customer_id,
            net_sales,
            {{ month_number('ordered_on') }} as month_number,
            min({{ month_number('ordered_on') }}) over (partition by customer_id) as first_month_number
        from {{ orders }}
        where customer_id is not null

    ),

    cells as (

        select
            first_month_number,
            month_number - first_month_number as month_index,
            count(distinct customer_id) as customers,
            count(*) as orders,
            {{ money('sum(net_sales)') }} as revenue
        from placed
        group by first_month_number, month_number - first_month_number

    )

    select
        {{ first_of_month('first_month_number') }} as cohort_month,
        cast(month_index as integer) as month_index,
        cast(customers as bigint) as customers,
        cast(orders as bigint) as orders,
        revenue
    from cells
{%- endmacro %}

{# Months since the year 0: their difference counts calendar months. #}
{% macro month_number(date) -%}
    (extract(year from {{ date }}) * 12 + extract(month from {{ date }}) - 1)
{%- endmacro %}

{# The first day of such a month. #}
{% macro first_of_month(month_number) %}{{ return(adapter.dispatch('first_of_month')(month_number)) }}{% endmacro %}
{% macro default__first_of_month(month_number) -%}
    make_date({{ month_number }} // 12, {{ month_number }} % 12 + 1, 1)
{%- endmacro %}
{% macro snowflake__first_of_month(month_number) -%}
    date_from_parts(cast(floor({{ month_number }} / 12) as integer), mod({{ month_number }}, 12) + 1, 1)
{%- endmacro %}

{# The first day of the month some months later. #}
{% macro month_after(first_day, months) -%}
    cast({{ dbt.dateadd('month', months, first_day) }} as date)
{%- endmacro %}
