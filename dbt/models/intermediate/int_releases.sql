{{ config(materialized='view') }}

with releases as (

    {{ ops_rows('releases', {
        'id': 'varchar', 'window_start': 'timestamp', 'window_end': 'timestamp', 'state': 'varchar', 'held': 'boolean',
        'recorded_at': 'timestamp'
    }) }}

),

final as (

    select
        id as release_id,
        cast(window_start as date) as first_date,
        cast({{ plus_days('cast(window_end as date)', -1) }} as date) as last_date,
        state = 'final' as is_final,
        recorded_at as published_at
    from releases
    where not held

)

select * from final
