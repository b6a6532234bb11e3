with performance as (

    select * from {{ ref('fct_ad_performance') }}

),

hours as (

    {% for source in sources_providing('ad_hours') -%}
    select
        source,
        account_id,
        date,
        hour,
        spend
    from {{ ref(source ~ '__ad_hours') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

account_days as (

    select
        source,
        account_id,
        date,
        max(account_name) as account_name,
        max(account_timezone) as account_timezone,
        max(currency) as currency,
        sum(spend) as spend,
        max(fx_rate) as fx_rate
    from performance
    group by source, account_id, date

),

-- Accounts that end their day with the books need no row; one whose zone is unknown does.
elsewhere as (

    select *
    from account_days
    where coalesce(account_timezone, '') <> '{{ reporting_timezone() }}'

),

-- When the account's day and the reporting day of the same date begin and end, UTC.
bounds as (

    select
        *,
        {{ from_zone('cast(date as timestamp)', 'account_timezone') }} as begins_at,
        {{ from_zone('cast(' ~ plus_days('date', 1) ~ ' as timestamp)', 'account_timezone') }} as ends_at,
        {{ from_zone('cast(date as timestamp)', "'" ~ reporting_timezone() ~ "'") }} as books_begin_at,
        {{ from_zone('cast(' ~ plus_days('date', 1) ~ ' as timestamp)', "'" ~ reporting_timezone() ~ "'") }}
            as books_end_at
    from elsewhere

),

parts as (

    select
        *,
        {{ minutes_between('begins_at', 'ends_at') }} as minutes,
        case
            when begins_at is null then null
            when begins_at < books_begin_at
                then {{ minutes_between('begins_at', 'least(ends_at, books_begin_at)') }}
            else 0
        end as minutes_before,
        case
            when ends_at is null then null
            when ends_at > books_end_at
                then {{ minutes_between('greatest(begins_at, books_end_at)', 'ends_at') }}
            else 0
        end as minutes_after
    from bounds

),

-- An hour lies on the reporting day on which it begins.
placed_hours as (

    select
        hours.source,
        hours.account_id,
        hours.date,
        hours.spend,
        cast({{ to_zone(
            from_zone(dbt.dateadd('hour', 'hours.hour', 'cast(hours.date as timestamp)'), 'elsewhere.account_timezone'),
            "'" ~ reporting_timezone() ~ "'"
        ) }} as date) as reporting_date
    from hours
    inner join elsewhere
        on
            hours.source = elsewhere.source
            and hours.account_id = elsewhere.account_id
            and hours.date = elsewhere.date
    where elsewhere.account_timezone is not null

),

by_hour as (

    select
        source,
        account_id,
        date,
        sum(spend) as spend,
        sum(case when reporting_date < date then spend else 0 end) as spend_before,
        sum(case when reporting_date > date then spend else 0 end) as spend_after
    from placed_hours
    group by source, account_id, date

),

final as (

    select
        parts.source,
        parts.account_id,
        parts.account_name,
        parts.account_timezone,
        '{{ reporting_timezone() }}' as reporting_timezone,
        parts.date,
        parts.currency,
        cast(parts.minutes / 60.0 as decimal(18, 3)) as hours_of_day,
        cast(parts.minutes_before / 60.0 as decimal(18, 3)) as hours_before,
        cast(parts.minutes_after / 60.0 as decimal(18, 3)) as hours_after,
        cast((parts.minutes_before + parts.minutes_after) / 60.0 as decimal(18, 3)) as hours_shifted,
        {{ ratio('parts.minutes_before + parts.minutes_after', 'parts.minutes') }} as share_shifted,
        {{ money('parts.spend') }} as spend,
        {{ money('by_hour.spend_before') }} as spend_before,
        {{ money('by_hour.spend_after') }} as spend_after,
        {{ money('by_hour.spend_before + by_hour.spend_after') }} as spend_shifted,
        {{ money('(by_hour.spend_before + by_hour.spend_after) * parts.fx_rate') }} as spend_shifted_reporting,
        {{ money('parts.spend - by_hour.spend') }} as spend_without_hour,
        by_hour.source is not null as has_hours,
        -- Nothing is spread by the share of hours: without hours the shift of money is not known.
        case when by_hour.source is not null then false end as is_estimated
    from parts
    left join by_hour
        on
            parts.source = by_hour.source
            and parts.account_id = by_hour.account_id
            and parts.date = by_hour.date

)

select * from final
