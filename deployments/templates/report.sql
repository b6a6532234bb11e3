[% set slices = slices | list %]
{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key=[[ slices ]]) }}

{% if nothing_new(ref('[[ stream.staging_model ]]')) %}
select * from {{ this }} where false
{% else %}
with history as (
    select * from {{ ref('[[ stream.staging_model ]]') }}
),

touched as (
    select distinct [[ slices | join(', ') ]]
    from {{ unseen(ref('[[ stream.staging_model ]]')) }} as unseen_rows
),

rows_of_slice as (
    select history.*
    from history
    inner join touched
        on [% for name in slices %]touched.[[ name ]] = history.[[ name ]][[ '' if loop.last else '\n        and ' ]][% endfor %]

    where [% for name in present %]history.[[ name ]] is not null[[ '' if loop.last else '\n        and ' ]][% endfor %]

),

newest_sync as (
    select [[ slices | join(', ') ]], _sync_id
    from rows_of_slice
    group by [[ slices | join(', ') ]], _sync_id
    qualify row_number() over (
        partition by [[ slices | join(', ') ]]
        order by max(_extracted_at) desc, _sync_id desc
    ) = 1
),

current_rows as (
    select rows_of_slice.*
    from rows_of_slice
    inner join newest_sync
        on rows_of_slice._sync_id = newest_sync._sync_id
        [% for name in slices %]
        and rows_of_slice.[[ name ]] = newest_sync.[[ name ]]
        [% endfor %]
),

final as (
    select
        [[ columns | join(',\n        ') ]]
    from current_rows
    qualify row_number() over (
        partition by [[ keys | join(', ') ]]
        order by _extracted_at desc, _source_file desc, _source_row desc
    ) = 1
)

select * from final
{% endif %}
