{{ config(materialized='view') }}

with entries as (

    {{ ops_rows('period_entries', {
        'month': 'varchar', 'version': 'bigint', 'mart': 'varchar', 'metric': 'varchar', 'channel': 'varchar',
        'day': 'varchar', 'entry': 'bigint', 'frozen': 'varchar', 'figure_before': 'varchar',
        'figure_after': 'varchar', 'cause': 'varchar', 'origin': 'varchar', 'syncs': 'varchar',
        'evidence': 'varchar', 'recorded_at': 'timestamp'
    }) }}

),

planned as (

    {{ ops_rows('restatements', {
        'origin': 'varchar', 'mart': 'varchar', 'metric': 'varchar', 'channel': 'varchar', 'day': 'varchar',
        'figure_before': 'varchar', 'figure_after': 'varchar', 'reason': 'varchar', 'signed_by': 'varchar',
        'recorded_at': 'timestamp'
    }) }}

),

-- What builds found in the marts.
moved as (

    select
        month,
        version,
        mart,
        metric,
        channel,
        cast(day as date) as day,
        entry,
        {{ money('frozen') }} as frozen,
        {{ money('figure_before') }} as amount_before,
        {{ money('figure_after') }} as amount_now,
        cause,
        origin,
        syncs as sync_ids,
        evidence,
        cause <> 'reopened' as is_in_marts,
        recorded_at as first_seen_at
    from entries

),

-- What a backfill over a closed month would have changed: noted beside the figures, and in no mart.
noted as (

    select
        substr(day, 1, 7) as month,
        0 as version,
        mart,
        metric,
        channel,
        cast(day as date) as day,
        row_number() over (partition by mart, metric, channel, day order by recorded_at, origin) as entry,
        {{ money('figure_before') }} as frozen,
        {{ money('figure_before') }} as amount_before,
        {{ money('figure_after') }} as amount_now,
        'backfill' as cause,
        origin,
        '' as sync_ids,
        reason || ' (' || signed_by || ')' as evidence,
        false as is_in_marts,
        recorded_at as first_seen_at
    from planned

),

all_of_them as (

    select * from moved

    union all

    select * from noted

),

final as (

    select
        month,
        version,
        mart,
        metric,
        channel,
        day,
        entry,
        frozen,
        amount_before,
        amount_now,
        {{ money('amount_now - amount_before') }} as amount,
        cause,
        origin,
        sync_ids,
        evidence,
        is_in_marts,
        first_seen_at
    from all_of_them

)

select * from final
