{{ config(materialized='view') }}

with releases as (

    {{ ops_rows('releases', {
        'id': 'varchar', 'window_start': 'timestamp', 'window_end': 'timestamp', 'state': 'varchar', 'held': 'boolean',
        'recorded_at': 'timestamp'
    }) }}

),

held_back as (

    {{ ops_rows('held_back', {'release_id': 'varchar', 'kind': 'varchar', 'name': 'varchar'}) }}

),

held_marts as (

    select
        release_id,
        count(*) as held_marts,
        max(case when name = 'fct_ad_performance' then 1 else 0 end) as holds_spend
    from held_back
    where kind = 'mart'
    group by release_id

),

final as (

    select
        releases.id as release_id,
        cast(releases.window_start as date) as first_date,
        cast({{ plus_days('cast(releases.window_end as date)', -1) }} as date) as last_date,
        releases.state = 'final' as is_final,
        releases.recorded_at as published_at,
        cast(coalesce(held_marts.held_marts, 0) as bigint) as held_marts,
        coalesce(held_marts.holds_spend, 0) = 0 as has_new_spend
    from releases
    left join held_marts on releases.id = held_marts.release_id
    where not releases.held

)

select * from final
