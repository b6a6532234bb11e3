with said as (

    {% for source in sources_providing('campaign_names') -%}
    select
        source,
        account_id,
        campaign_id,
        campaign_name,
        said_at
    from {{ ref(source ~ '__campaign_names') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

-- Two names in one extraction: the later in the alphabet, so that the order of the rows decides nothing.
moments as (

    select
        source,
        account_id,
        campaign_id,
        said_at,
        max(campaign_name) as campaign_name
    from said
    group by source, account_id, campaign_id, said_at

),

changes as (

    select
        *,
        lag(campaign_name) over (partition by source, account_id, campaign_id order by said_at) as name_before
    from moments

),

names as (

    select
        source,
        account_id,
        campaign_id,
        campaign_name,
        case when name_before is not null then cast(said_at as date) end as known_since,
        row_number() over (partition by source, account_id, campaign_id order by said_at) as place,
        cast(lead(said_at) over (partition by source, account_id, campaign_id order by said_at) as date) as valid_until
    from changes
    where name_before is null or name_before <> campaign_name

),

final as (

    select
        source,
        account_id,
        campaign_id,
        campaign_name,
        {{ campaign_key('campaign_name') }} as campaign_key,
        -- The first name that we heard also holds for the days before: nothing else is known of them.
        case when place = 1 then cast('1970-01-01' as date) else known_since end as valid_from,
        valid_until
    from names

)

select * from final
