-- rendered from the metrics, sha256 66890c9cb90d2bec639c26a3d868433b4493f87829e781c13ea360ee70c4a9e2; change the declaration, then run `plumbline render`
-- Every metric of dbt/models/marts/metrics/*.yml as sums by day: numerator and denominator stay apart, so that any other
-- grain is a ratio of sums and never an average of ratios.
with ads as (

    select * from {{ ref('agg_ads_daily') }}

),

attributed as (

    select * from {{ ref('agg_attributed_daily') }}

),

orders as (

    select * from {{ ref('fct_orders') }}

),

customer_orders as (

    select * from {{ ref('fct_customer_orders') }}

),

refunds as (

    select * from {{ ref('fct_refunds') }}

),

sessions as (

    select * from {{ ref('fct_sessions') }}

),

leads as (

    select * from {{ ref('fct_leads') }}

),

measured as (

    select
        'spend' as measure,
        date as day,
        channel as channel,
        source as source,
        cast(sum(spend) as decimal(38, 9)) as amount
    from ads
    group by 2, 3, 4

    union all

    select
        'impressions' as measure,
        date as day,
        channel as channel,
        source as source,
        cast(sum(impressions) as decimal(38, 9)) as amount
    from ads
    group by 2, 3, 4

    union all

    select
        'clicks' as measure,
        date as day,
        channel as channel,
        source as source,
        cast(sum(clicks) as decimal(38, 9)) as amount
    from ads
    group by 2, 3, 4

    union all

    select
        'platform_conversions' as measure,
        date as day,
        channel as channel,
        source as source,
        cast(sum(platform_conversions) as decimal(38, 9)) as amount
    from ads
    group by 2, 3, 4

    union all

    select
        'platform_revenue' as measure,
        date as day,
        channel as channel,
        source as source,
        cast(sum(platform_revenue) as decimal(38, 9)) as amount
    from ads
    group by 2, 3, 4

    union all

    select
        'orders_first_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'first_touch' then orders else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_new_customers_first_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'first_touch' and media = 'paid' then new_customers else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_first_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'first_touch' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_first_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'first_touch' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_first_touch_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'first_touch' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_first_touch_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'first_touch' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'orders_last_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_touch' then orders else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_new_customers_last_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_touch' and media = 'paid' then new_customers else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_last_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_touch' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_last_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_touch' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_last_touch_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'last_touch' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_last_touch_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'last_touch' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'orders_last_non_direct' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_non_direct' then orders else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_new_customers_last_non_direct' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_non_direct' and media = 'paid' then new_customers else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_last_non_direct' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_non_direct' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_last_non_direct' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'last_non_direct' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_last_non_direct_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'last_non_direct' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_last_non_direct_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'last_non_direct' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'orders_linear' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'linear' then orders else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_new_customers_linear' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'linear' and media = 'paid' then new_customers else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_linear' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'linear' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_linear' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'linear' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_linear_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'linear' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_linear_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'linear' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'orders_position_based' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'position_based' then orders else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_new_customers_position_based' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'position_based' and media = 'paid' then new_customers else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_position_based' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'position_based' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_position_based' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'position_based' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_position_based_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'position_based' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_position_based_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'position_based' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'orders_time_decay' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'time_decay' then orders else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_new_customers_time_decay' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'time_decay' and media = 'paid' then new_customers else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_time_decay' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'time_decay' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_time_decay' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'refund_date' and model = 'time_decay' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'revenue_time_decay_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'time_decay' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'paid_revenue_time_decay_by_touch' as measure,
        date as day,
        channel as channel,
        cast(null as varchar) as source,
        cast(sum(case when basis = 'touch_date' and model = 'time_decay' and media = 'paid' then cast(revenue_cents as decimal(38, 6)) * 0.01 else 0 end) as decimal(38, 9)) as amount
    from attributed
    group by 2, 3, 4

    union all

    select
        'orders' as measure,
        order_date as day,
        channel as channel,
        source as source,
        cast(sum(case when is_test then 0 else 1 end) as decimal(38, 9)) as amount
    from orders
    group by 2, 3, 4

    union all

    select
        'orders_cancelled' as measure,
        order_date as day,
        channel as channel,
        source as source,
        cast(sum(case when is_cancelled and not is_test then 1 else 0 end) as decimal(38, 9)) as amount
    from orders
    group by 2, 3, 4

    union all

    select
        'new_customers' as measure,
        order_date as day,
        channel as channel,
        source as source,
        cast(sum(case when is_new_customer and not is_test then 1 else 0 end) as decimal(38, 9)) as amount
    from orders
    group by 2, 3, 4

    union all

    select
        'gross_sales' as measure,
        order_date as day,
        channel as channel,
        source as source,
        cast(sum(case when is_test then 0 else cast(gross_sales * fx_rate as decimal(38, 6)) end) as decimal(38, 9)) as amount
    from orders
    group by 2, 3, 4

    union all

    select
        'discounts' as measure,
        order_date as day,
        channel as channel,
        source as source,
        cast(sum(case when is_test then 0 else cast(discounts * fx_rate as decimal(38, 6)) end) as decimal(38, 9)) as amount
    from orders
    group by 2, 3, 4

    union all

    select
        'new_valid_customers' as measure,
        order_date as day,
        channel as channel,
        source as source,
        cast(sum(case when is_new_valid_person then 1 else 0 end) as decimal(38, 9)) as amount
    from customer_orders
    group by 2, 3, 4

    union all

    select
        'refunds' as measure,
        refund_date as day,
        coalesce(channel, 'Unassigned') as channel,
        source as source,
        cast(sum(case when is_test then 0 else 1 end) as decimal(38, 9)) as amount
    from refunds
    group by 2, 3, 4

    union all

    select
        'returns' as measure,
        refund_date as day,
        coalesce(channel, 'Unassigned') as channel,
        source as source,
        cast(sum(case when is_test then 0 else cast(subtotal * fx_rate as decimal(38, 6)) end) as decimal(38, 9)) as amount
    from refunds
    group by 2, 3, 4

    union all

    select
        'sessions' as measure,
        session_date as day,
        channel as channel,
        origin as source,
        cast(sum(1) as decimal(38, 9)) as amount
    from sessions
    group by 2, 3, 4

    union all

    select
        'engaged_sessions' as measure,
        session_date as day,
        channel as channel,
        origin as source,
        cast(sum(case when engaged then 1 else 0 end) as decimal(38, 9)) as amount
    from sessions
    group by 2, 3, 4

    union all

    select
        'leads' as measure,
        entered_date as day,
        channel as channel,
        source as source,
        cast(sum(case when stage = 'lead' then 1 else 0 end) as decimal(38, 9)) as amount
    from leads
    group by 2, 3, 4

    union all

    select
        'leads_mql' as measure,
        entered_date as day,
        channel as channel,
        source as source,
        cast(sum(case when stage = 'marketingqualifiedlead' then 1 else 0 end) as decimal(38, 9)) as amount
    from leads
    group by 2, 3, 4

    union all

    select
        'leads_sql' as measure,
        entered_date as day,
        channel as channel,
        source as source,
        cast(sum(case when stage = 'salesqualifiedlead' then 1 else 0 end) as decimal(38, 9)) as amount
    from leads
    group by 2, 3, 4

),

-- Which measures stand above and below the line of a metric, and with which sign.
terms as (

    select *
    from (
        values
        ('spend', 'spend', 1, 0),
        ('impressions', 'impressions', 1, 0),
        ('clicks', 'clicks', 1, 0),
        ('platform_conversions', 'platform_conversions', 1, 0),
        ('platform_revenue', 'platform_revenue', 1, 0),
        ('roas_platform', 'platform_revenue', 1, 0),
        ('roas_platform', 'spend', 0, 1),
        ('cost_per_click', 'spend', 1, 0),
        ('cost_per_click', 'clicks', 0, 1),
        ('click_through_rate', 'clicks', 1, 0),
        ('click_through_rate', 'impressions', 0, 1),
        ('cost_per_platform_conversion', 'spend', 1, 0),
        ('cost_per_platform_conversion', 'platform_conversions', 0, 1),
        ('attributed_orders_first_touch', 'orders_first_touch', 1, 0),
        ('attributed_new_customers_paid_first_touch', 'paid_new_customers_first_touch', 1, 0),
        ('cac_paid_first_touch', 'spend', 1, 0),
        ('cac_paid_first_touch', 'paid_new_customers_first_touch', 0, 1),
        ('attributed_revenue_first_touch', 'revenue_first_touch', 1, 0),
        ('attributed_revenue_paid_first_touch', 'paid_revenue_first_touch', 1, 0),
        ('roas_attributed_first_touch', 'paid_revenue_first_touch', 1, 0),
        ('roas_attributed_first_touch', 'spend', 0, 1),
        ('attributed_revenue_first_touch_by_touch', 'revenue_first_touch_by_touch', 1, 0),
        ('attributed_revenue_paid_first_touch_by_touch', 'paid_revenue_first_touch_by_touch', 1, 0),
        ('roas_attributed_first_touch_by_touch', 'paid_revenue_first_touch_by_touch', 1, 0),
        ('roas_attributed_first_touch_by_touch', 'spend', 0, 1),
        ('attributed_orders_last_touch', 'orders_last_touch', 1, 0),
        ('attributed_new_customers_paid_last_touch', 'paid_new_customers_last_touch', 1, 0),
        ('cac_paid_last_touch', 'spend', 1, 0),
        ('cac_paid_last_touch', 'paid_new_customers_last_touch', 0, 1),
        ('attributed_revenue_last_touch', 'revenue_last_touch', 1, 0),
        ('attributed_revenue_paid_last_touch', 'paid_revenue_last_touch', 1, 0),
        ('roas_attributed_last_touch', 'paid_revenue_last_touch', 1, 0),
        ('roas_attributed_last_touch', 'spend', 0, 1),
        ('attributed_revenue_last_touch_by_touch', 'revenue_last_touch_by_touch', 1, 0),
        ('attributed_revenue_paid_last_touch_by_touch', 'paid_revenue_last_touch_by_touch', 1, 0),
        ('roas_attributed_last_touch_by_touch', 'paid_revenue_last_touch_by_touch', 1, 0),
        ('roas_attributed_last_touch_by_touch', 'spend', 0, 1),
        ('attributed_orders_last_non_direct', 'orders_last_non_direct', 1, 0),
        ('attributed_new_customers_paid_last_non_direct', 'paid_new_customers_last_non_direct', 1, 0),
        ('cac_paid_last_non_direct', 'spend', 1, 0),
        ('cac_paid_last_non_direct', 'paid_new_customers_last_non_direct', 0, 1),
        ('attributed_revenue_last_non_direct', 'revenue_last_non_direct', 1, 0),
        ('attributed_revenue_paid_last_non_direct', 'paid_revenue_last_non_direct', 1, 0),
        ('roas_attributed_last_non_direct', 'paid_revenue_last_non_direct', 1, 0),
        ('roas_attributed_last_non_direct', 'spend', 0, 1),
        ('attributed_revenue_last_non_direct_by_touch', 'revenue_last_non_direct_by_touch', 1, 0),
        ('attributed_revenue_paid_last_non_direct_by_touch', 'paid_revenue_last_non_direct_by_touch', 1, 0),
        ('roas_attributed_last_non_direct_by_touch', 'paid_revenue_last_non_direct_by_touch', 1, 0),
        ('roas_attributed_last_non_direct_by_touch', 'spend', 0, 1),
        ('attributed_orders_linear', 'orders_linear', 1, 0),
        ('attributed_new_customers_paid_linear', 'paid_new_customers_linear', 1, 0),
        ('cac_paid_linear', 'spend', 1, 0),
        ('cac_paid_linear', 'paid_new_customers_linear', 0, 1),
        ('attributed_revenue_linear', 'revenue_linear', 1, 0),
        ('attributed_revenue_paid_linear', 'paid_revenue_linear', 1, 0),
        ('roas_attributed_linear', 'paid_revenue_linear', 1, 0),
        ('roas_attributed_linear', 'spend', 0, 1),
        ('attributed_revenue_linear_by_touch', 'revenue_linear_by_touch', 1, 0),
        ('attributed_revenue_paid_linear_by_touch', 'paid_revenue_linear_by_touch', 1, 0),
        ('roas_attributed_linear_by_touch', 'paid_revenue_linear_by_touch', 1, 0),
        ('roas_attributed_linear_by_touch', 'spend', 0, 1),
        ('attributed_orders_position_based', 'orders_position_based', 1, 0),
        ('attributed_new_customers_paid_position_based', 'paid_new_customers_position_based', 1, 0),
        ('cac_paid_position_based', 'spend', 1, 0),
        ('cac_paid_position_based', 'paid_new_customers_position_based', 0, 1),
        ('attributed_revenue_position_based', 'revenue_position_based', 1, 0),
        ('attributed_revenue_paid_position_based', 'paid_revenue_position_based', 1, 0),
        ('roas_attributed_position_based', 'paid_revenue_position_based', 1, 0),
        ('roas_attributed_position_based', 'spend', 0, 1),
        ('attributed_revenue_position_based_by_touch', 'revenue_position_based_by_touch', 1, 0),
        ('attributed_revenue_paid_position_based_by_touch', 'paid_revenue_position_based_by_touch', 1, 0),
        ('roas_attributed_position_based_by_touch', 'paid_revenue_position_based_by_touch', 1, 0),
        ('roas_attributed_position_based_by_touch', 'spend', 0, 1),
        ('attributed_orders_time_decay', 'orders_time_decay', 1, 0),
        ('attributed_new_customers_paid_time_decay', 'paid_new_customers_time_decay', 1, 0),
        ('cac_paid_time_decay', 'spend', 1, 0),
        ('cac_paid_time_decay', 'paid_new_customers_time_decay', 0, 1),
        ('attributed_revenue_time_decay', 'revenue_time_decay', 1, 0),
        ('attributed_revenue_paid_time_decay', 'paid_revenue_time_decay', 1, 0),
        ('roas_attributed_time_decay', 'paid_revenue_time_decay', 1, 0),
        ('roas_attributed_time_decay', 'spend', 0, 1),
        ('attributed_revenue_time_decay_by_touch', 'revenue_time_decay_by_touch', 1, 0),
        ('attributed_revenue_paid_time_decay_by_touch', 'paid_revenue_time_decay_by_touch', 1, 0),
        ('roas_attributed_time_decay_by_touch', 'paid_revenue_time_decay_by_touch', 1, 0),
        ('roas_attributed_time_decay_by_touch', 'spend', 0, 1),
        ('conversion_rate', 'orders', 1, 0),
        ('conversion_rate', 'sessions', 0, 1),
        ('lead_rate', 'leads', 1, 0),
        ('lead_rate', 'sessions', 0, 1),
        ('cost_per_session', 'spend', 1, 0),
        ('cost_per_session', 'sessions', 0, 1),
        ('cost_per_lead', 'spend', 1, 0),
        ('cost_per_lead', 'leads', 0, 1),
        ('cac_blended_media', 'spend', 1, 0),
        ('cac_blended_media', 'new_valid_customers', 0, 1),
        ('mer', 'gross_sales', 1, 0),
        ('mer', 'discounts', -1, 0),
        ('mer', 'returns', -1, 0),
        ('mer', 'spend', 0, 1),
        ('mer_gross', 'gross_sales', 1, 0),
        ('mer_gross', 'spend', 0, 1),
        ('marketing_cost_ratio', 'spend', 1, 0),
        ('marketing_cost_ratio', 'gross_sales', 0, 1),
        ('marketing_cost_ratio', 'discounts', 0, -1),
        ('marketing_cost_ratio', 'returns', 0, -1),
        ('orders', 'orders', 1, 0),
        ('orders_cancelled', 'orders_cancelled', 1, 0),
        ('new_customers', 'new_customers', 1, 0),
        ('new_valid_customers', 'new_valid_customers', 1, 0),
        ('gross_sales', 'gross_sales', 1, 0),
        ('discounts', 'discounts', 1, 0),
        ('refunds', 'refunds', 1, 0),
        ('returns', 'returns', 1, 0),
        ('order_value', 'gross_sales', 1, 0),
        ('order_value', 'discounts', -1, 0),
        ('net_sales', 'gross_sales', 1, 0),
        ('net_sales', 'discounts', -1, 0),
        ('net_sales', 'returns', -1, 0),
        ('aov', 'gross_sales', 1, 0),
        ('aov', 'discounts', -1, 0),
        ('aov', 'orders', 0, 1),
        ('discount_rate', 'discounts', 1, 0),
        ('discount_rate', 'gross_sales', 0, 1),
        ('return_rate', 'returns', 1, 0),
        ('return_rate', 'gross_sales', 0, 1),
        ('sessions', 'sessions', 1, 0),
        ('engaged_sessions', 'engaged_sessions', 1, 0),
        ('engagement_rate', 'engaged_sessions', 1, 0),
        ('engagement_rate', 'sessions', 0, 1),
        ('leads', 'leads', 1, 0),
        ('leads_mql', 'leads_mql', 1, 0),
        ('leads_sql', 'leads_sql', 1, 0)
    ) as listed (metric, measure, above, below)

),

metrics as (

    select *
    from (
        values
        ('spend', 'spend', 'account_day', null, false, true, true),
        ('impressions', 'impressions', 'account_day', null, false, true, true),
        ('clicks', 'clicks', 'account_day', null, false, true, true),
        ('platform_conversions', 'platform_conversions', 'platform', null, false, true, true),
        ('platform_revenue', 'platform_revenue', 'platform', null, false, true, true),
        ('roas_platform', 'roas_platform', 'platform', null, true, true, true),
        ('cost_per_click', 'cost_per_click', 'account_day', null, true, true, true),
        ('click_through_rate', 'click_through_rate', 'account_day', null, true, true, true),
        ('cost_per_platform_conversion', 'cost_per_platform_conversion', 'platform', null, true, true, true),
        ('attributed_orders_first_touch', 'attributed_orders', 'order_date', 'first_touch', false, true, false),
        ('attributed_new_customers_paid_first_touch', 'attributed_new_customers_paid', 'order_date', 'first_touch', false, true, false),
        ('cac_paid_first_touch', 'cac_paid', 'order_date', 'first_touch', true, true, false),
        ('attributed_revenue_first_touch', 'attributed_revenue', 'refund_date', 'first_touch', false, true, false),
        ('attributed_revenue_paid_first_touch', 'attributed_revenue_paid', 'refund_date', 'first_touch', false, true, false),
        ('roas_attributed_first_touch', 'roas_attributed', 'refund_date', 'first_touch', true, true, false),
        ('attributed_revenue_first_touch_by_touch', 'attributed_revenue', 'touch_date', 'first_touch', false, true, false),
        ('attributed_revenue_paid_first_touch_by_touch', 'attributed_revenue_paid', 'touch_date', 'first_touch', false, true, false),
        ('roas_attributed_first_touch_by_touch', 'roas_attributed', 'touch_date', 'first_touch', true, true, false),
        ('attributed_orders_last_touch', 'attributed_orders', 'order_date', 'last_touch', false, true, false),
        ('attributed_new_customers_paid_last_touch', 'attributed_new_customers_paid', 'order_date', 'last_touch', false, true, false),
        ('cac_paid_last_touch', 'cac_paid', 'order_date', 'last_touch', true, true, false),
        ('attributed_revenue_last_touch', 'attributed_revenue', 'refund_date', 'last_touch', false, true, false),
        ('attributed_revenue_paid_last_touch', 'attributed_revenue_paid', 'refund_date', 'last_touch', false, true, false),
        ('roas_attributed_last_touch', 'roas_attributed', 'refund_date', 'last_touch', true, true, false),
        ('attributed_revenue_last_touch_by_touch', 'attributed_revenue', 'touch_date', 'last_touch', false, true, false),
        ('attributed_revenue_paid_last_touch_by_touch', 'attributed_revenue_paid', 'touch_date', 'last_touch', false, true, false),
        ('roas_attributed_last_touch_by_touch', 'roas_attributed', 'touch_date', 'last_touch', true, true, false),
        ('attributed_orders_last_non_direct', 'attributed_orders', 'order_date', 'last_non_direct', false, true, false),
        ('attributed_new_customers_paid_last_non_direct', 'attributed_new_customers_paid', 'order_date', 'last_non_direct', false, true, false),
        ('cac_paid_last_non_direct', 'cac_paid', 'order_date', 'last_non_direct', true, true, false),
        ('attributed_revenue_last_non_direct', 'attributed_revenue', 'refund_date', 'last_non_direct', false, true, false),
        ('attributed_revenue_paid_last_non_direct', 'attributed_revenue_paid', 'refund_date', 'last_non_direct', false, true, false),
        ('roas_attributed_last_non_direct', 'roas_attributed', 'refund_date', 'last_non_direct', true, true, false),
        ('attributed_revenue_last_non_direct_by_touch', 'attributed_revenue', 'touch_date', 'last_non_direct', false, true, false),
        ('attributed_revenue_paid_last_non_direct_by_touch', 'attributed_revenue_paid', 'touch_date', 'last_non_direct', false, true, false),
        ('roas_attributed_last_non_direct_by_touch', 'roas_attributed', 'touch_date', 'last_non_direct', true, true, false),
        ('attributed_orders_linear', 'attributed_orders', 'order_date', 'linear', false, true, false),
        ('attributed_new_customers_paid_linear', 'attributed_new_customers_paid', 'order_date', 'linear', false, true, false),
        ('cac_paid_linear', 'cac_paid', 'order_date', 'linear', true, true, false),
        ('attributed_revenue_linear', 'attributed_revenue', 'refund_date', 'linear', false, true, false),
        ('attributed_revenue_paid_linear', 'attributed_revenue_paid', 'refund_date', 'linear', false, true, false),
        ('roas_attributed_linear', 'roas_attributed', 'refund_date', 'linear', true, true, false),
        ('attributed_revenue_linear_by_touch', 'attributed_revenue', 'touch_date', 'linear', false, true, false),
        ('attributed_revenue_paid_linear_by_touch', 'attributed_revenue_paid', 'touch_date', 'linear', false, true, false),
        ('roas_attributed_linear_by_touch', 'roas_attributed', 'touch_date', 'linear', true, true, false),
        ('attributed_orders_position_based', 'attributed_orders', 'order_date', 'position_based', false, true, false),
        ('attributed_new_customers_paid_position_based', 'attributed_new_customers_paid', 'order_date', 'position_based', false, true, false),
        ('cac_paid_position_based', 'cac_paid', 'order_date', 'position_based', true, true, false),
        ('attributed_revenue_position_based', 'attributed_revenue', 'refund_date', 'position_based', false, true, false),
        ('attributed_revenue_paid_position_based', 'attributed_revenue_paid', 'refund_date', 'position_based', false, true, false),
        ('roas_attributed_position_based', 'roas_attributed', 'refund_date', 'position_based', true, true, false),
        ('attributed_revenue_position_based_by_touch', 'attributed_revenue', 'touch_date', 'position_based', false, true, false),
        ('attributed_revenue_paid_position_based_by_touch', 'attributed_revenue_paid', 'touch_date', 'position_based', false, true, false),
        ('roas_attributed_position_based_by_touch', 'roas_attributed', 'touch_date', 'position_based', true, true, false),
        ('attributed_orders_time_decay', 'attributed_orders', 'order_date', 'time_decay', false, true, false),
        ('attributed_new_customers_paid_time_decay', 'attributed_new_customers_paid', 'order_date', 'time_decay', false, true, false),
        ('cac_paid_time_decay', 'cac_paid', 'order_date', 'time_decay', true, true, false),
        ('attributed_revenue_time_decay', 'attributed_revenue', 'refund_date', 'time_decay', false, true, false),
        ('attributed_revenue_paid_time_decay', 'attributed_revenue_paid', 'refund_date', 'time_decay', false, true, false),
        ('roas_attributed_time_decay', 'roas_attributed', 'refund_date', 'time_decay', true, true, false),
        ('attributed_revenue_time_decay_by_touch', 'attributed_revenue', 'touch_date', 'time_decay', false, true, false),
        ('attributed_revenue_paid_time_decay_by_touch', 'attributed_revenue_paid', 'touch_date', 'time_decay', false, true, false),
        ('roas_attributed_time_decay_by_touch', 'roas_attributed', 'touch_date', 'time_decay', true, true, false),
        ('conversion_rate', 'conversion_rate', 'order_date', null, true, true, false),
        ('lead_rate', 'lead_rate', 'entered_date', null, true, true, false),
        ('cost_per_session', 'cost_per_session', 'account_day', null, true, true, false),
        ('cost_per_lead', 'cost_per_lead', 'account_day', null, true, false, false),
        ('cac_blended_media', 'cac_blended_media', 'order_date', null, true, false, false),
        ('mer', 'mer', 'refund_date', null, true, false, false),
        ('mer_gross', 'mer_gross', 'order_date', null, true, false, false),
        ('marketing_cost_ratio', 'marketing_cost_ratio', 'refund_date', null, true, false, false),
        ('orders', 'orders', 'order_date', null, false, true, true),
        ('orders_cancelled', 'orders_cancelled', 'order_date', null, false, true, true),
        ('new_customers', 'new_customers', 'order_date', null, false, true, true),
        ('new_valid_customers', 'new_valid_customers', 'order_date', null, false, true, true),
        ('gross_sales', 'gross_sales', 'order_date', null, false, true, true),
        ('discounts', 'discounts', 'order_date', null, false, true, true),
        ('refunds', 'refunds', 'refund_date', null, false, true, true),
        ('returns', 'returns', 'refund_date', null, false, true, true),
        ('order_value', 'order_value', 'order_date', null, false, true, true),
        ('net_sales', 'net_sales', 'refund_date', null, false, true, true),
        ('aov', 'aov', 'order_date', null, true, true, true),
        ('discount_rate', 'discount_rate', 'order_date', null, true, true, true),
        ('return_rate', 'return_rate', 'refund_date', null, true, true, true),
        ('sessions', 'sessions', 'session_date', null, false, true, true),
        ('engaged_sessions', 'engaged_sessions', 'session_date', null, false, true, true),
        ('engagement_rate', 'engagement_rate', 'session_date', null, true, true, true),
        ('leads', 'leads', 'entered_date', null, false, true, true),
        ('leads_mql', 'leads_mql', 'entered_date', null, false, true, true),
        ('leads_sql', 'leads_sql', 'entered_date', null, false, true, true)
    ) as listed (metric, family, basis, model, is_ratio, by_channel, by_source)

),

summed as (

    select
        metrics.metric,
        metrics.family,
        metrics.basis,
        metrics.model,
        metrics.is_ratio,
        measured.day,
        case when metrics.by_channel then measured.channel end as channel,
        case when metrics.by_source then measured.source end as source,
        cast(sum(measured.amount * terms.above) as decimal(38, 9)) as numerator,
        cast(sum(measured.amount * terms.below) as decimal(38, 9)) as denominator
    from measured
    inner join terms on measured.measure = terms.measure
    inner join metrics on terms.metric = metrics.metric
    where measured.amount <> 0 and measured.day is not null
    group by 1, 2, 3, 4, 5, 6, 7, 8

),

final as (

    select
        metric,
        family,
        basis,
        model,
        channel,
        source,
        day,
        numerator,
        case when is_ratio then denominator end as denominator,
        case when is_ratio then {{ ratio('numerator', 'denominator') }} else {{ money('numerator') }} end as value
    from summed

)

select * from final
