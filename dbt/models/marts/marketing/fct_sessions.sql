{{ config(
    materialized='incremental',
    incremental_strategy='slices',
    unique_key=['origin', 'session_date']
) }}
{%- set renamed = campaigns_are_called_otherwise(ref('int_campaign_names'), ref('dim_campaign')) %}

with exported as {{ inlined() }} (

    {% for source in sources_providing('sessions') -%}
    select
        origin,
        session_key,
        user_pseudo_id,
        ga_session_id,
        session_date,
        started_at,
        ended_at,
        events,
        page_views,
        purchases,
        checkout_at,
        form_submitted_at,
        engaged,
        source,
        medium,
        campaign,
        click_id,
        click_id_type,
        utm_id,
        param_campaign_id,
        param_ad_group_id,
        param_ad_id,
        landing_page,
        user_token,
        _load_seq
    from {{ ref(source ~ '__sessions') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

last_exports as (

    {% for source in sources_providing('sessions') -%}
    select
        origin,
        cast({{ to_zone('max(exported_at)', "'" ~ timezone_of(source) ~ "'") }} as date) as exported_on
    from {{ ref(source ~ '__sessions') }}
    group by origin
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

clicks as (

    {% for source in sources_providing('clicks') -%}
    select
        source as ad_source,
        click_id,
        click_id_type,
        account_id,
        campaign_id,
        ad_group_id,
        ad_id,
        _load_seq as click_seq
    from {{ ref(source ~ '__clicks') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

campaigns as {{ inlined() }} (

    select * from {{ ref('dim_campaign') }}

),

-- What decides besides the sessions themselves: how far the clicks have come, and the rules that people edit.
decided_by as (

    select
        coalesce(min(click_seqs.newest), 0) as clicks_to,
        max(rules.fingerprint) || '.' || max(meant.fingerprint) as rules,
        {{ names_fingerprint(ref('int_campaign_names'), ref('dim_campaign')) }} as names
    from (select {{ rules_fingerprint() }} as fingerprint from {{ ref('channel_rules') }}) as rules
    cross join (select {{ meant_fingerprint() }} as fingerprint from {{ ref('utm_campaigns') }}) as meant
    left join (select max(click_seq) as newest from clicks group by ad_source) as click_seqs on true

),

{% if is_incremental() -%}
known_days as (

    select
        origin,
        session_date,
        count(*) as known_sessions,
        sum(_load_seq) as known_seqs,
        max(_clicks_to) as known_clicks_to,
        sum(case when is_provisional or _rules is distinct from decided_by.rules then 1 else 0 end) as open_sessions
    from {{ this }}
    cross join decided_by
    group by origin, session_date

),

exported_days as (

    select
        origin,
        session_date,
        count(*) as exported_sessions,
        sum(_load_seq) as exported_seqs
    from exported
    group by origin, session_date

),

{% if renamed -%}
known_tags as (

    select distinct
        origin,
        session_date as tag_day,
        tag_key as campaign_key,
        param_campaign_id,
        utm_id,
        ad_source,
        account_id,
        campaign_id,
        origin_rule
    from {{ this }}
    where
        coalesce(tag_key, param_campaign_id, utm_id) is not null
        and (origin_rule is null or origin_rule <> 'click id')

),

known_keys as (

    select distinct
        tag_day,
        campaign_key,
        param_campaign_id,
        utm_id
    from known_tags

),

known_named as (

    {{ campaigns_of_tags('known_keys') }}

),

{%- endif %}

-- Whole days are made again: those whose sessions came, changed or left, those that were still open, and all of them
-- where somebody edited the rules.
touched as (

    select
        coalesce(exported_days.origin, known_days.origin) as origin,
        coalesce(exported_days.session_date, known_days.session_date) as session_date
    from exported_days
    full outer join known_days
        on exported_days.origin = known_days.origin and exported_days.session_date = known_days.session_date
    where
        exported_days.exported_sessions is distinct from known_days.known_sessions
        or exported_days.exported_seqs is distinct from known_days.known_seqs
        or known_days.open_sessions > 0

    union distinct

    -- Days of visits whose click was reported after them.
    select
        exported.origin,
        exported.session_date
    from exported
    inner join clicks
        on exported.click_id = clicks.click_id and exported.click_id_type = clicks.click_id_type
    where clicks.click_seq > (select max(known_clicks_to) from known_days)

    {% if renamed -%}
    union distinct

    -- Days of visits whose campaign has come to be known, or otherwise than before.
    select
        known.origin,
        known.session_date
    from (
        select distinct
            origin,
            session_date,
            ad_source,
            account_id,
            campaign_id,
            campaign_name,
            campaign_type
        from {{ this }}
        where campaign_id is not null
    ) as known
    inner join campaigns
        on
            known.ad_source = campaigns.source
            and known.account_id = campaigns.account_id
            and known.campaign_id = campaigns.campaign_id
    where
        known.campaign_name is distinct from campaigns.campaign_name
        or known.campaign_type is distinct from campaigns.campaign_type

    union distinct

    -- Days of visits whose tag now means another campaign, or one at all.
    select
        known_tags.origin,
        known_tags.tag_day as session_date
    from known_tags
    left join known_named
        on
            known_tags.tag_day = known_named.tag_day
            and known_tags.campaign_key is not distinct from known_named.campaign_key
            and known_tags.param_campaign_id is not distinct from known_named.param_campaign_id
            and known_tags.utm_id is not distinct from known_named.utm_id
    where
        known_tags.campaign_id is distinct from known_named.campaign_id
        or known_tags.ad_source is distinct from known_named.ad_source
        or known_tags.account_id is distinct from known_named.account_id
        or (known_named.origin_rule is not null and known_tags.origin_rule is distinct from known_named.origin_rule)
    {%- endif %}

),
{%- endif %}

sessions as (

    select
        exported.*,
        last_exports.exported_on
    from exported
    inner join last_exports on exported.origin = last_exports.origin
    {% if is_incremental() -%}
    inner join touched
        on exported.origin = touched.origin and exported.session_date = touched.session_date
    {%- endif %}

),

-- A click id names the campaign exactly; then an id in the address, then what somebody typed.
tagged as (

    select
        *,
        {{ campaign_key('campaign') }} as tag_key
    from sessions

),

tags as (

    select distinct
        session_date as tag_day,
        tag_key as campaign_key,
        param_campaign_id,
        utm_id
    from tagged
    where coalesce(tag_key, param_campaign_id, utm_id) is not null

),

named as (

    {{ campaigns_of_tags('tags') }}

),

decided as (

    select
        tagged.*,
        coalesce(clicks.ad_source, named.ad_source) as ad_source,
        coalesce(clicks.account_id, named.account_id) as account_id,
        coalesce(clicks.campaign_id, named.campaign_id) as campaign_id,
        coalesce(clicks.ad_group_id, tagged.param_ad_group_id) as ad_group_id,
        coalesce(clicks.ad_id, tagged.param_ad_id) as ad_id,
        case
            when clicks.ad_source is not null then 'click id'
            when named.origin_rule is not null then named.origin_rule
            when coalesce(tagged.click_id, tagged.tag_key, tagged.param_campaign_id, tagged.utm_id) is not null
                then 'tags'
            when tagged.source = '(direct)' then 'direct'
            when tagged.medium = 'referral' then 'referrer'
            else 'tags'
        end as origin_rule
    from tagged
    left join clicks
        on tagged.click_id = clicks.click_id and tagged.click_id_type = clicks.click_id_type
    left join named
        on
            tagged.session_date = named.tag_day
            and tagged.tag_key is not distinct from named.campaign_key
            and tagged.param_campaign_id is not distinct from named.param_campaign_id
            and tagged.utm_id is not distinct from named.utm_id

),

clicked as (

    select
        decided.*,
        campaigns.campaign_name,
        campaigns.campaign_type,
        -- An address with nothing but the id of a campaign is a click on that campaign.
        case when decided.medium is null and decided.campaign_id is not null then decided.ad_source else decided.source end
            as traffic_source,
        case when decided.medium is null and decided.campaign_id is not null then 'cpc' else decided.medium end
            as traffic_medium,
        coalesce(campaigns.campaign_name, decided.campaign) as traffic_campaign
    from decided
    left join campaigns
        on
            decided.ad_source = campaigns.source
            and decided.account_id = campaigns.account_id
            and decided.campaign_id = campaigns.campaign_id

),

keyed as (

    select
        *,
        {{ traffic_key('traffic_source', 'traffic_medium', 'traffic_campaign', 'click_id_type', 'campaign_type') }}
            as traffic_key
    from clicked

),

channels as (

    {{ channels_of('keyed') }}

),

made as (

    select
        keyed.origin,
        keyed.session_key,
        keyed.user_pseudo_id,
        keyed.ga_session_id,
        keyed.session_date,
        keyed.started_at,
        keyed.ended_at,
        keyed.events,
        keyed.page_views,
        keyed.purchases,
        keyed.checkout_at,
        keyed.form_submitted_at,
        keyed.engaged,
        keyed.source,
        keyed.medium,
        coalesce(keyed.campaign, keyed.campaign_name) as campaign,
        keyed.click_id,
        keyed.click_id_type,
        keyed.tag_key,
        keyed.utm_id,
        keyed.param_campaign_id,
        keyed.landing_page,
        keyed.user_token,
        coalesce(channels.channel, 'Unassigned') as channel,
        keyed.ad_source,
        keyed.account_id,
        keyed.campaign_id,
        keyed.ad_group_id,
        keyed.ad_id,
        keyed.campaign_name,
        keyed.campaign_type,
        keyed.origin_rule,
        -- Late events are exported for three more days: a day stands still four days later.
        keyed.session_date > {{ plus_days('keyed.exported_on', -4) }} as is_provisional,
        keyed._load_seq,
        decided_by.clicks_to as _clicks_to,
        decided_by.rules as _rules,
        decided_by.names as _names,
        {{ made_at() }} as _made_at
    from keyed
    cross join decided_by
    left join channels on keyed.traffic_key = channels.traffic_key

),

{% if is_incremental() -%}
-- A day that its source emptied is a row of nothing but its key: the strategy removes the day with it.
gone as (

    select
        known_days.origin,
        known_days.session_date
    from known_days
    left join exported_days
        on known_days.origin = exported_days.origin and known_days.session_date = exported_days.session_date
    where exported_days.origin is null

),
{%- endif %}

final as (

    {{ made_and_gone() }}

)

select * from final
