{{ config(materialized='view') }}

with frozen as (

    {{ ops_rows('closed_figures', {
        'month': 'varchar', 'version': 'bigint', 'mart': 'varchar', 'metric': 'varchar', 'channel': 'varchar',
        'day': 'varchar', 'amount': 'varchar'
    }) }}

),

events as (

    {{ ops_rows('period_events', {
        'month': 'varchar', 'number': 'bigint', 'version': 'bigint', 'action': 'varchar', 'recorded_at': 'timestamp'
    }) }}

),

last_events as (

    select
        month,
        version,
        action
    from events
    qualify row_number() over (partition by month order by number desc) = 1

),

final as (

    select
        frozen.month,
        frozen.version,
        frozen.mart,
        frozen.metric,
        frozen.channel,
        cast(frozen.day as date) as day,
        {{ money('frozen.amount') }} as amount,
        last_events.version = frozen.version and last_events.action = 'closed' as is_standing
    from frozen
    inner join last_events on frozen.month = last_events.month

)

select * from final
