with runs as (

    {{ ops_rows('runs', {'run': 'varchar', 'scheduled_at': 'timestamp'}) }}

),

outcomes as (

    {{ ops_rows('outcomes', {'recorded_at': 'timestamp'}) }}

),

releases as (

    {{ ops_rows('releases', {
        'id': 'varchar', 'state': 'varchar', 'held': 'boolean', 'recorded_at': 'timestamp', 'window_end': 'timestamp'
    }) }}

),

held_back as (

    {{ ops_rows('held_back', {'release_id': 'varchar', 'kind': 'varchar'}) }}

),

partly as (

    select distinct release_id
    from held_back
    where kind = 'mart'

),

known as (

    select max(recorded_at) as known_at from outcomes

),

-- A day is due where the schedule was at work on the morning after it.
days as (

    select distinct {{ plus_days('cast(scheduled_at as date)', -1) }} as date
    from runs
    where scheduled_at is not null

),

closes as (

    select
        {{ plus_days('cast(releases.window_end as date)', -1) }} as date,
        min(case when partly.release_id is null then releases.recorded_at end) as published_at,
        min(case when partly.release_id is not null then releases.recorded_at end) as partly_published_at,
        max(releases.recorded_at) as published_last_at,
        count(*) as final_releases
    from releases
    left join partly on releases.id = partly.release_id
    where releases.state = 'final' and not releases.held
    group by cast(releases.window_end as date)

),

deadlines as (

    select
        date,
        {{ dbt.dateadd('hour', publish_hour(), 'cast(' ~ plus_days('date', 1) ~ ' as timestamp)') }} as due_at
    from days

),

final as (

    select
        deadlines.date,
        deadlines.due_at,
        closes.published_at,
        closes.partly_published_at,
        closes.published_last_at,
        coalesce(closes.final_releases, 0) as final_releases,
        {{ minutes_between('deadlines.due_at', 'closes.published_at') }} as minutes_after,
        case
            when closes.published_at is not null then closes.published_at <= deadlines.due_at
            when deadlines.due_at <= known.known_at then false
        end as is_in_time
    from deadlines
    left join closes on deadlines.date = closes.date
    cross join known

)

select * from final
