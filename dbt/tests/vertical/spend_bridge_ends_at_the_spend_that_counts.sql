-- Everything up to api_now adds up to the spend of the marts, to the last digit in account currency.
with bridged as (

    select
        source,
        account_id,
        period_start as date,
        sum(amount) as amount
    from {{ ref('fin_spend_bridge') }}
    where period_type = 'day' and kind in ('opening', 'step')
    group by source, account_id, period_start

),

counted as (

    select
        source,
        account_id,
        date,
        sum(spend) as spend
    from {{ ref('fct_ad_performance') }}
    group by source, account_id, date

),

final as (

    select
        coalesce(bridged.source, counted.source) as source,
        coalesce(bridged.account_id, counted.account_id) as account_id,
        coalesce(bridged.date, counted.date) as date,
        bridged.amount,
        counted.spend
    from bridged
    full outer join counted
        on bridged.source = counted.source and bridged.account_id = counted.account_id and bridged.date = counted.date
    where coalesce(bridged.amount, 0) <> coalesce(counted.spend, 0)

)

select * from final
