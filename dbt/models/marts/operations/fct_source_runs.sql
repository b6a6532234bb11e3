with runs as (

    {{ ops_rows('runs', {
        'run': 'varchar', 'source': 'varchar', 'scheduled_at': 'timestamp', 'started_at': 'timestamp'
    }) }}

),

outcomes as (

    {{ ops_rows('outcomes', {
        'run': 'varchar', 'step': 'varchar', 'recorded_at': 'timestamp', 'status': 'varchar', 'rows_out': 'bigint',
        'bytes': 'bigint', 'attempt': 'bigint', 'job_id': 'bigint', 'reason': 'varchar'
    }) }}

),

-- The newest thing that the pipeline did: what has not ended by then, and is not late yet, is still open.
known as (

    select max(recorded_at) as known_at from outcomes

),

extracts as (

    select
        run,
        min(case when status <> 'failed' then recorded_at end) as extracted_at,
        max(case when status <> 'failed' then rows_out end) as extracted_rows,
        max(case when status <> 'failed' then bytes end) as extracted_bytes,
        max(attempt) as attempts,
        max(job_id) as job_id,
        max(case when status = 'failed' then reason end) as failed_because
    from outcomes
    where step = 'sync'
    group by run

),

promised as (

    {% for source, minutes in extract_minutes().items() -%}
    select
        '{{ source }}' as source,
        {{ minutes }} as extract_minutes
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

timed as (

    select
        runs.run,
        runs.source,
        runs.scheduled_at,
        runs.started_at,
        extracts.extracted_at,
        extracts.attempts,
        extracts.job_id,
        extracts.extracted_rows,
        extracts.extracted_bytes,
        extracts.failed_because,
        known.known_at,
        {{ dbt.dateadd('minute', 'promised.extract_minutes', 'runs.scheduled_at') }} as due_at
    from runs
    inner join promised on runs.source = promised.source
    left join extracts on runs.run = extracts.run
    cross join known

),

final as (

    select
        run,
        source,
        scheduled_at,
        started_at,
        extracted_at,
        due_at,
        {{ minutes_between('scheduled_at', 'extracted_at') }} as minutes_to_extract,
        case
            when scheduled_at is null then null
            when extracted_at is not null then extracted_at <= due_at
            when due_at <= known_at then false
        end as is_in_time,
        attempts,
        job_id,
        extracted_rows,
        extracted_bytes,
        failed_because
    from timed

)

select * from final
