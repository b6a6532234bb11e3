with syncs as (

    {{ ops_rows('syncs', {
        'source': 'varchar', 'job_id': 'bigint', 'status': 'varchar', 'finished_at': 'timestamp',
        'window_end': 'timestamp'
    }) }}

),

outcomes as (

    {{ ops_rows('outcomes', {
        'step': 'varchar', 'source': 'varchar', 'job_id': 'bigint', 'status': 'varchar', 'recorded_at': 'timestamp'
    }) }}

),

releases as (

    {{ ops_rows('releases', {'id': 'varchar', 'held': 'boolean', 'recorded_at': 'timestamp'}) }}

),

-- Releases in which no mart of the source is new.
held_back as (

    {{ ops_rows('held_back', {'release_id': 'varchar', 'kind': 'varchar', 'name': 'varchar'}) }}

),

known as (

    select max(recorded_at) as known_at from outcomes

),

loaded as (

    select
        source,
        job_id,
        max(recorded_at) as loaded_at
    from outcomes
    where step = 'load' and status <> 'failed'
    group by source, job_id

),

landed as (

    select
        source,
        job_id,
        max(finished_at) as landed_at,
        max(window_end) as window_end
    from syncs
    where status = 'succeeded'
    group by source, job_id

),

-- Loads and releases in one line of time: a load is in the first release after it, as both hold the writer's turn.
events as (

    select
        landed.source,
        landed.job_id,
        landed.landed_at,
        landed.window_end,
        loaded.loaded_at as happened_at,
        0 as place,
        cast(null as timestamp) as published_at
    from landed
    inner join loaded on landed.source = loaded.source and landed.job_id = loaded.job_id
    union all
    select
        sources.source,
        null as job_id,
        null as landed_at,
        null as window_end,
        releases.recorded_at as happened_at,
        1 as place,
        releases.recorded_at as published_at
    from releases
    cross join (select distinct source from landed) as sources
    left join held_back
        on releases.id = held_back.release_id and held_back.kind = 'source' and sources.source = held_back.name
    where not releases.held and held_back.release_id is null

),

followed as (

    select
        source,
        job_id,
        landed_at,
        window_end,
        happened_at as loaded_at,
        place,
        min(published_at) over (
            partition by source
            order by happened_at, place, job_id
            rows between current row and unbounded following
        ) as published_at
    from events

),

final as (

    select
        followed.source,
        followed.job_id,
        followed.window_end,
        followed.landed_at,
        followed.loaded_at,
        followed.published_at,
        {{ minutes_between('followed.landed_at', 'followed.published_at') }} as minutes_to_publish,
        case
            when followed.published_at is not null
                then followed.published_at <= {{ dbt.dateadd('minute', publish_minutes(), 'followed.landed_at') }}
            when {{ dbt.dateadd('minute', publish_minutes(), 'followed.landed_at') }} <= known.known_at then false
        end as is_in_time
    from followed
    cross join known
    where followed.place = 0

)

select * from final
