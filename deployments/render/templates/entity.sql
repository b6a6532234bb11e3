{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=[[ keys | list ]]) }}

{% if nothing_new(ref('[[ stream.staging_model ]]')) %}
select * from {{ this }} where false
{% else %}
with new_versions as (
    select
        [[ columns | join(',\n        ') ]]
    from {{ unseen(ref('[[ stream.staging_model ]]')) }} as unseen_rows
    where [% for name in keys %][[ name ]] is not null[[ '' if loop.last else ' and ' ]][% endfor %]

),

candidates as (
    select * from new_versions
    {% if is_incremental() %}
    union all
    select
        [[ columns | join(',\n        ') ]]
    from {{ this }}
    where ([[ keys | join(', ') ]]) in (select [[ keys | join(', ') ]] from new_versions)
    {% endif %}
),

final as (
    select *
    from candidates
    qualify row_number() over (
        partition by [[ keys | join(', ') ]]
        order by
            [[ newest_first | join(',\n            ') ]]
    ) = 1
)

select * from final
{% endif %}
