with steps as (

    select
        step,
        step_order,
        kind,
        definition
    from {{ ref('bridge_steps') }}
    where bridge = 'spend'

),

entries as (

    select * from {{ ref('fin_spend_bridge_rows') }}

),

invoices as (

    select * from {{ ref('int_invoices') }}

),

rates as (

    select * from {{ ref('int_fx_periods') }}

),

-- The other end comes from the facts and not from the rows: else nothing could be missing between them.
warehouse as (

    select
        source,
        account_id,
        date,
        max(currency) as currency,
        sum(spend) as amount,
        sum(amount_cents) as amount_cents
    from (
        select
            source,
            account_id,
            campaign_id,
            date,
            max(currency) as currency,
            sum(spend) as spend,
            {{ reported_cents('sum(spend)', 'max(fx_rate)') }} as amount_cents
        from {{ ref('fct_ad_performance') }}
        group by source, account_id, campaign_id, date
    ) as campaign_days
    group by source, account_id, date

),

of_days as (

    select
        'day' as period_type,
        date as period_start,
        source,
        account_id,
        step,
        currency,
        amount,
        amount_cents
    from entries

    union all

    select
        'day' as period_type,
        date as period_start,
        source,
        account_id,
        'api_now' as step,
        currency,
        amount,
        amount_cents
    from warehouse

),

reported as (

    select * from of_days

    union all

    select
        'month' as period_type,
        {{ month_of('period_start') }} as period_start,
        source,
        account_id,
        step,
        currency,
        amount,
        amount_cents
    from of_days

),

-- Invoices are booked at the rate of the month's last day. Cents as levels, so that the steps carry no rounding.
invoiced as (

    select
        invoices.source,
        invoices.account_id,
        invoices.month,
        max(invoices.currency) as currency,
        count(distinct invoices.currency) as currencies,
        sum(invoices.credits) as credits,
        sum(invoices.tax) as tax,
        sum(invoices.total) as total,
        sum({{ reported_cents('invoices.media_amount', 'rates.rate') }}) as media_cents,
        sum({{ reported_cents('invoices.media_amount + invoices.credits', 'rates.rate') }}) as credited_cents,
        sum({{ reported_cents('invoices.media_amount + invoices.credits + invoices.tax', 'rates.rate') }}) as taxed_cents,
        sum({{ reported_cents('invoices.total', 'rates.rate') }}) as total_cents
    from invoices
    left join rates
        on
            invoices.currency = rates.currency
            and {{ plus_days(month_after('invoices.month', 1), -1) }} >= rates.valid_from
            and (
                {{ plus_days(month_after('invoices.month', 1), -1) }} < rates.valid_until
                or rates.valid_until is null
            )
    group by invoices.source, invoices.account_id, invoices.month

),

months as (

    select
        source,
        account_id,
        {{ month_of('date') }} as month,
        max(currency) as currency,
        sum(amount) as amount,
        sum(amount_cents) as amount_cents
    from warehouse
    group by source, account_id, {{ month_of('date') }}

),

-- An invoice without spend, and spend without an invoice of an account that has some, are compared with nothing.
compared as (

    select
        invoiced.source,
        invoiced.account_id,
        invoiced.month,
        coalesce(months.currency, invoiced.currency) as currency,
        coalesce(months.currency, invoiced.currency) = invoiced.currency and invoiced.currencies = 1 as is_one_currency,
        invoiced.credits,
        invoiced.tax,
        invoiced.total,
        coalesce(months.amount, 0) as reported,
        coalesce(months.amount_cents, 0) as reported_cents,
        case
            when months.amount is null then 0
            else {{ reported_cents('months.amount', 'rates.rate') }}
        end as booked_cents,
        invoiced.credited_cents - invoiced.media_cents as credit_cents,
        invoiced.taxed_cents - invoiced.credited_cents as tax_cents,
        invoiced.total_cents
    from invoiced
    left join months
        on
            invoiced.source = months.source
            and invoiced.account_id = months.account_id
            and invoiced.month = months.month
    left join rates
        on
            months.currency = rates.currency
            and {{ plus_days(month_after('invoiced.month', 1), -1) }} >= rates.valid_from
            and (
                {{ plus_days(month_after('invoiced.month', 1), -1) }} < rates.valid_until
                or rates.valid_until is null
            )

),

billed as (

    select
        'month' as period_type,
        compared.month as period_start,
        compared.source,
        compared.account_id,
        steps.step,
        compared.currency,
        case
            when compared.is_one_currency
                then case steps.step
                    when 'invoice_currency' then 0
                    when 'invoice_credits' then compared.credits
                    when 'invoice_tax' then compared.tax
                    when 'invoice_residual' then compared.total - compared.reported - compared.credits - compared.tax
                    else compared.total
                end
        end as amount,
        case steps.step
            when 'invoice_currency' then compared.booked_cents - compared.reported_cents
            when 'invoice_credits' then compared.credit_cents
            when 'invoice_tax' then compared.tax_cents
            when 'invoice_residual'
                then compared.total_cents - compared.booked_cents - compared.credit_cents - compared.tax_cents
            else compared.total_cents
        end as amount_cents
    from compared
    inner join steps
        on steps.step in ('invoice_currency', 'invoice_credits', 'invoice_tax', 'invoice_residual', 'as_invoiced')

),

summed as (

    select
        period_type,
        period_start,
        source,
        account_id,
        step,
        max(currency) as currency,
        sum(amount) as amount,
        sum(amount_cents) as amount_cents
    from reported
    group by period_type, period_start, source, account_id, step

),

residuals as (

    select
        period_type,
        period_start,
        source,
        account_id,
        max(currency) as currency,
        sum(case when step = 'api_now' then amount else -amount end) as amount,
        sum(case when step = 'api_now' then amount_cents else -amount_cents end) as amount_cents
    from summed
    group by period_type, period_start, source, account_id

),

-- A step that moved nothing is said to be nothing.
framed as (

    select
        residuals.period_type,
        residuals.period_start,
        residuals.source,
        residuals.account_id,
        steps.step,
        residuals.currency,
        case steps.step when 'residual' then residuals.amount else coalesce(summed.amount, 0) end as amount,
        case steps.step when 'residual' then residuals.amount_cents else coalesce(summed.amount_cents, 0) end as amount_cents
    from residuals
    inner join steps on steps.step_order <= 80
    left join summed
        on
            residuals.period_type = summed.period_type
            and residuals.period_start = summed.period_start
            and residuals.source = summed.source
            and residuals.account_id = summed.account_id
            and steps.step = summed.step

),

together as (

    select * from framed
    union all
    select * from billed

),

final as (

    select
        together.period_type,
        together.period_start,
        together.source,
        together.account_id,
        steps.step_order,
        together.step,
        steps.kind,
        together.currency,
        {{ money('together.amount') }} as amount,
        cast(together.amount_cents as decimal(38, 0)) as amount_cents,
        '{{ reporting_currency() }}' as reporting_currency,
        steps.definition
    from together
    inner join steps on together.step = steps.step

)

select * from final
