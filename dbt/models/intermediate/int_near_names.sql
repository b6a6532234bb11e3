with sessions as (

    select * from {{ ref('fct_sessions') }}

),

names as (

    select * from {{ ref('int_campaign_names') }}
    where valid_until is null

),

latest as (

    select max(session_date) as last_day from sessions

),

tags as (

    select distinct sessions.tag_key
    from sessions
    cross join latest
    where
        sessions.origin_rule = 'tags'
        and sessions.tag_key is not null
        and sessions.session_date > {{ plus_days('latest.last_day', -work_list_days()) }}

),

places as (

    {% for place in range(1, 13) -%}
    select {{ place }} as place
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

tag_words as (

    select distinct
        tags.tag_key,
        split_part({{ as_words('tags.tag_key') }}, ' ', places.place) as word
    from tags
    cross join places

),

name_words as (

    select distinct
        names.source,
        names.account_id,
        names.campaign_id,
        split_part({{ as_words('names.campaign_name') }}, ' ', places.place) as word
    from names
    cross join places

),

-- A word that few campaigns have tells more; one that no campaign has tells nothing.
weights as (

    select
        word,
        cast(1 as double) / count(*) as weight
    from name_words
    where word <> ''
    group by word

),

tag_totals as (

    select
        tag_words.tag_key,
        sum(weights.weight) as weight
    from tag_words
    inner join weights on tag_words.word = weights.word
    group by tag_words.tag_key

),

name_totals as (

    select
        name_words.source,
        name_words.account_id,
        name_words.campaign_id,
        sum(weights.weight) as weight
    from name_words
    inner join weights on name_words.word = weights.word
    group by name_words.source, name_words.account_id, name_words.campaign_id

),

shared as (

    select
        tag_words.tag_key,
        name_words.source,
        name_words.account_id,
        name_words.campaign_id,
        sum(weights.weight) as weight
    from tag_words
    inner join name_words on tag_words.word = name_words.word
    inner join weights on tag_words.word = weights.word
    group by tag_words.tag_key, name_words.source, name_words.account_id, name_words.campaign_id

),

final as (

    select
        shared.tag_key,
        shared.source,
        shared.account_id,
        shared.campaign_id,
        cast(
            round(shared.weight / (tag_totals.weight + name_totals.weight - shared.weight), 6) as decimal(9, 6)
        ) as likeness
    from shared
    inner join tag_totals on shared.tag_key = tag_totals.tag_key
    inner join name_totals
        on
            shared.source = name_totals.source
            and shared.account_id = name_totals.account_id
            and shared.campaign_id = name_totals.campaign_id

)

select * from final
