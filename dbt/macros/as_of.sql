{# Histories with `known_from` and `known_to`: how they are asked, and how they are made of what syncs said. #}

{# The rows of a history that were known at a moment (a timestamp, UTC), or those that are known now. What had vanished by
   then is left out. Join it like a table: `from as_of(ref('fct_ad_spend_history'), moment) as spend`. #}
{% macro as_of(relation, moment=none) -%}
    (
        select *
        from {{ relation }}
        where
            not is_vanished
            {%- if moment is none %}
            and known_to is null
            {%- else %}
            and known_from <= {{ moment }}
            and (known_to > {{ moment }} or known_to is null)
            {%- endif %}
    )
{%- endmacro %}

{# Of versions with changed_at, said_at and where they lie: those that counted from the moment at which they were said. A
   version that is older than one said before (a replay, a late load) never counted. `key` is what is one record. #}
{% macro versions_that_counted(versions, key) -%}
    select *
    from (
        select
            ranked.*,
            max(rank_of_version) over (
                partition by {{ key | join(', ') }}
                order by said_at, rank_of_version
                rows between unbounded preceding and current row
            ) as best_so_far
        from (
            select
                *,
                row_number() over (
                    partition by {{ key | join(', ') }}
                    order by changed_at, said_at, _sync_id, _source_file, _source_row
                ) as rank_of_version
            from {{ versions }}
        ) as ranked
    ) as led
    where rank_of_version = best_so_far
{%- endmacro %}
