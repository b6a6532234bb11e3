{%- set measures = [
    'spend', 'impressions', 'clicks', 'orders', 'gross_sales', 'discounts', 'returns', 'shipping', 'tax',
] -%}
with spend_history as (

    select
        *,
        lead(sync_id) over (partition by source, account_id, campaign_id, date order by version) as ended_by
    from {{ ref('fct_ad_spend_history') }}

),

order_history as (

    select
        *,
        lead(sync_id) over (partition by source, order_id order by version) as ended_by
    from {{ ref('fct_order_history') }}

),

refund_history as (

    select
        *,
        lead(sync_id) over (partition by source, refund_id order by version) as ended_by
    from {{ ref('fct_refund_history') }}

),

ad_performance as (

    select
        source,
        account_id,
        date,
        max(currency) as currency
    from {{ ref('fct_ad_performance') }}
    group by source, account_id, date

),

-- The history of spend has no currency of its own: that of the account on the day, else the account's last one.
accounts as (

    select
        source,
        account_id,
        currency
    from ad_performance
    where currency is not null
    qualify row_number() over (partition by source, account_id order by date desc) = 1

),

-- Tests count in no figure.
tests as (

    select distinct
        source,
        order_id
    from order_history
    where known_to is null and is_test

),

rates as (

    select * from {{ ref('int_fx_periods') }}

),

-- What holds of a record between two moments, in the columns of all records.
statements as (

    select
        spend_history.source,
        spend_history.account_id,
        spend_history.date,
        coalesce(ad_performance.currency, accounts.currency) as currency,
        spend_history.known_from,
        spend_history.sync_id,
        spend_history.known_to,
        spend_history.ended_by,
        spend_history.spend,
        spend_history.impressions,
        spend_history.clicks,
        0 as orders,
        0 as gross_sales,
        0 as discounts,
        0 as returns,
        0 as shipping,
        0 as tax
    from spend_history
    left join ad_performance
        on
            spend_history.source = ad_performance.source
            and spend_history.account_id = ad_performance.account_id
            and spend_history.date = ad_performance.date
    left join accounts
        on spend_history.source = accounts.source and spend_history.account_id = accounts.account_id

    union all

    select
        source,
        shop_id as account_id,
        order_date as date,
        currency,
        known_from,
        sync_id,
        known_to,
        ended_by,
        0 as spend,
        0 as impressions,
        0 as clicks,
        1 as orders,
        gross_sales,
        discounts,
        0 as returns,
        shipping,
        tax
    from order_history
    where not is_vanished and not is_test

    union all

    select
        refund_history.source,
        refund_history.shop_id as account_id,
        refund_history.refund_date as date,
        refund_history.currency,
        refund_history.known_from,
        refund_history.sync_id,
        refund_history.known_to,
        refund_history.ended_by,
        0 as spend,
        0 as impressions,
        0 as clicks,
        0 as orders,
        0 as gross_sales,
        0 as discounts,
        refund_history.subtotal as returns,
        0 as shipping,
        0 as tax
    from refund_history
    left join tests on refund_history.source = tests.source and refund_history.order_id = tests.order_id
    where tests.order_id is null

),

-- Double entry: a statement is booked when it begins to hold, and taken back when another one takes its place.
entries as (

    select
        source,
        account_id,
        date,
        currency,
        known_from as known_at,
        sync_id,
        {% for measure in measures -%}
        {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from statements

    union all

    select
        source,
        account_id,
        date,
        currency,
        known_to as known_at,
        ended_by as sync_id,
        {% for measure in measures -%}
        -{{ measure }} as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from statements
    where known_to is not null

),

booked as (

    select
        source,
        account_id,
        date,
        currency,
        known_at,
        sync_id,
        {% for measure in measures -%}
        sum({{ measure }}) as {{ measure }}{{ ',' if not loop.last }}
        {% endfor %}
    from entries
    where date is not null
    group by source, account_id, date, currency, known_at, sync_id

),

final as (

    select
        booked.source,
        booked.account_id,
        booked.date,
        booked.currency,
        booked.known_at,
        booked.sync_id,
        {{ money('booked.spend') }} as spend,
        cast(booked.impressions as bigint) as impressions,
        cast(booked.clicks as bigint) as clicks,
        cast(booked.orders as bigint) as orders,
        {{ money('booked.gross_sales') }} as gross_sales,
        {{ money('booked.discounts') }} as discounts,
        {{ money('booked.returns') }} as returns,
        {{ money('booked.gross_sales - booked.discounts - booked.returns') }} as net_sales,
        {{ money('booked.shipping') }} as shipping,
        {{ money('booked.tax') }} as tax,
        '{{ reporting_currency() }}' as reporting_currency,
        rates.rate as fx_rate,
        rates.valid_from as fx_rate_date
    from booked
    left join rates
        on
            booked.currency = rates.currency
            and booked.date >= rates.valid_from
            and (booked.date < rates.valid_until or rates.valid_until is null)
    where
        {%- for measure in measures %}
        {{ 'or ' if not loop.first }}booked.{{ measure }} <> 0
        {%- endfor %}

)

select * from final
