{# Which campaign a visit came from, where no click id says it. #}

{# A campaign's name or tag as it is compared: decoded once more (tags are often encoded twice), lower case, trimmed. #}
{% macro campaign_key(text) -%}
    nullif(lower(trim({{ url_decoded(text) }})), '')
{%- endmacro %}

{# Rows (tag_day, campaign_key, param_campaign_id, utm_id, ad_source, account_id, campaign_id, origin_rule) for the
   distinct tags of a relation: the campaign id parameter decides before utm_id, utm_id before the name of that day. An id
   or a name that two campaigns have decides nothing. #}
{% macro campaigns_of_tags(tags) -%}
    select
        tags.tag_day,
        tags.campaign_key,
        tags.param_campaign_id,
        tags.utm_id,
        candidates.source as ad_source,
        candidates.account_id,
        candidates.campaign_id,
        candidates.origin_rule
    from {{ tags }} as tags
    inner join (
        select
            given.tag_day,
            given.campaign_key,
            given.param_campaign_id,
            given.utm_id,
            names.source,
            names.account_id,
            names.campaign_id,
            case when given.param_campaign_id = names.campaign_id then 'campaign id' else 'utm_id' end as origin_rule,
            case when given.param_campaign_id = names.campaign_id then 1 else 2 end as rank
        from {{ tags }} as given
        inner join (select distinct source, account_id, campaign_id from {{ ref('int_campaign_names') }}) as names
            on given.param_campaign_id = names.campaign_id or given.utm_id = names.campaign_id

        union all

        select
            given.tag_day,
            given.campaign_key,
            given.param_campaign_id,
            given.utm_id,
            meant.ad_source as source,
            meant.account_id,
            meant.campaign_id,
            'utm_campaign' as origin_rule,
            3 as rank
        from {{ tags }} as given
        inner join {{ ref('utm_campaigns') }} as meant on given.campaign_key = lower(trim(meant.utm_campaign))

        union all

        select
            given.tag_day,
            given.campaign_key,
            given.param_campaign_id,
            given.utm_id,
            names.source,
            names.account_id,
            names.campaign_id,
            'utm_campaign' as origin_rule,
            4 as rank
        from {{ tags }} as given
        inner join {{ ref('int_campaign_names') }} as names
            on
                given.campaign_key = names.campaign_key
                and given.tag_day >= names.valid_from
                and (given.tag_day < names.valid_until or names.valid_until is null)
    ) as candidates
        on
            tags.tag_day = candidates.tag_day
            and tags.campaign_key is not distinct from candidates.campaign_key
            and tags.param_campaign_id is not distinct from candidates.param_campaign_id
            and tags.utm_id is not distinct from candidates.utm_id
    qualify
        candidates.rank = min(candidates.rank) over (
            partition by tags.tag_day, tags.campaign_key, tags.param_campaign_id, tags.utm_id
        )
        and count(*) over (
            partition by tags.tag_day, tags.campaign_key, tags.param_campaign_id, tags.utm_id, candidates.rank
        ) = 1
{%- endmacro %}

{# One text that changes when any campaign is called otherwise, or is another kind of campaign. #}
{% macro names_fingerprint(names, campaigns) -%}
    (
        select {{ fingerprint_of(['source', 'account_id', 'campaign_id', 'campaign_key', 'valid_from', 'valid_until']) }}
        from {{ names }}
    ) || '.' || (
        select {{ fingerprint_of(['source', 'account_id', 'campaign_id', 'campaign_name', 'campaign_type']) }}
        from {{ campaigns }}
    )
{%- endmacro %}

{# Whether it has changed since this model was made last: else no visit of another day can have another campaign. #}
{% macro campaigns_are_called_otherwise(names, campaigns) %}
    {%- if execute and is_incremental() -%}
        {%- set question -%}
            select count(*) = 0
            from {{ this }}
            where _made_at = (select max(_made_at) from {{ this }}) and _names = {{ names_fingerprint(names, campaigns) }}
        {%- endset -%}
        {{ return(run_query(question).columns[0].values()[0]) }}
    {%- endif -%}
    {{ return(false) }}
{% endmacro %}

{# That of the seed utm_campaigns. #}
{% macro meant_fingerprint() -%}
    {{ fingerprint_of(['utm_campaign', 'ad_source', 'account_id', 'campaign_id']) }}
{%- endmacro %}

{# A name as lower-case words with one space between them. #}
{% macro as_words(text) -%}
    trim({{ all_replaced("lower(" ~ text ~ ")", '[[:punct:][:space:]]+', ' ') }})
{%- endmacro %}

{# Every match of a pattern replaced; DuckDB replaces the first one unless it is told otherwise. #}
{% macro all_replaced(text, pattern, by) %}
    {{- return(adapter.dispatch('all_replaced')(text, pattern, by)) -}}
{% endmacro %}
{% macro default__all_replaced(text, pattern, by) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}', 'g')
{%- endmacro %}
{% macro snowflake__all_replaced(text, pattern, by) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '{{ by }}')
{%- endmacro %}

{# The last days that the work lists are about, counted from the newest visit or cost, not from the clock. #}
{% macro work_list_days() %}{{ return(30) }}{% endmacro %}
