[% macro same(left, right, names) %][% for name in names %][[ left ]].[[ name ]] = [[ right ]].[[ name ]][[ '' if loop.last else ' and ' ]][% endfor %][% endmacro %]
[% macro spoke(slice) %]
[% if accounts %]
        on [[ same('syncs', slice, accounts) ]]
        and [[ slice ]].[[ day ]] between syncs.first_day and syncs.last_day
[% elif day %]
        on [[ slice ]].[[ day ]] between syncs.first_day and syncs.last_day
[% else %]
        on [[ same('syncs', slice, slices) ]]
[% endif %]
[% endmacro %]
{{ config(materialized='incremental', incremental_strategy='slices', unique_key=[[ slices | list ]]) }}

{% if nothing_new(ref('[[ stream.staging_model ]]')) %}
select * from {{ this }} where false
{% else %}
with delivered as (
    select
        [[ slices | join(',\n        ') ]],
        _sync_id,
        min(_extracted_at) as began_at,
        max(_extracted_at) as read_at,
        max(_load_seq) as load_seq
    from {{ ref('[[ stream.staging_model ]]') }}
    where [% for name in present %][[ name ]] is not null[[ '' if loop.last else '\n        and ' ]][% endfor %]

    group by [[ slices | join(', ') ]], _sync_id
),

-- What a sync spoke about: [[ spoken ]].
syncs as (
    select
        [% for name in (accounts if day else slices) %]
        [[ name ]],
        [% endfor %]
        [% if day %]
        min([[ day ]]) as first_day,
        max([[ day ]]) as last_day,
        -- Beyond what the source restates, silence is no statement: a lone old day says nothing about those after it.
        {{ plus_days('max([[ day ]])', -[[ reach ]]) }} as silent_since,
        [% endif %]
        _sync_id,
        min(began_at) as began_at,
        max(load_seq) as load_seq
    from delivered
    group by [% for name in (accounts if day else slices) %][[ name ]], [% endfor %]_sync_id
),

touched as (
    select distinct [% for name in slices %]delivered.[[ name ]][[ '' if loop.last else ', ' ]][% endfor %]

    from delivered
    inner join syncs
        [[ spoke('delivered') | trim ]]
    {% if is_incremental() %}
    where syncs.load_seq > {{ known_load_seq(this) }}
    {% endif %}
),

newest_sync as (
    select [% for name in slices %]touched.[[ name ]], [% endfor %]syncs._sync_id
    from touched
    inner join syncs
        [[ spoke('touched') | trim ]]
    left join delivered
        on [[ same('delivered', 'touched', slices) ]]
        and delivered._sync_id = syncs._sync_id
    [% if day %]
    where delivered._sync_id is not null or touched.[[ day ]] >= syncs.silent_since
    [% endif %]
    qualify row_number() over (
        partition by [% for name in slices %]touched.[[ name ]][[ '' if loop.last else ', ' ]][% endfor %]

        order by coalesce(delivered.read_at, syncs.began_at) desc, syncs._sync_id desc
    ) = 1
),

-- The history is read twice on purpose: a shared step would hold all its columns for all its rows.
current_rows as (
    select history.*
    from {{ ref('[[ stream.staging_model ]]') }} as history
    inner join newest_sync
        on history._sync_id = newest_sync._sync_id
        [% for name in slices %]
        and history.[[ name ]] = newest_sync.[[ name ]]
        [% endfor %]
    where [% for name in present %]history.[[ name ]] is not null[[ '' if loop.last else '\n        and ' ]][% endfor %]

    qualify row_number() over (
        partition by [% for name in keys %]history.[[ name ]][[ '' if loop.last else ', ' ]][% endfor %]

        order by history._extracted_at desc, history._source_file desc, history._source_row desc
    ) = 1
),

final as (
    select
        [[ columns | join(',\n        ') ]]
    from current_rows
    {% if is_incremental() %}
    union all
    -- A slice that its newest sync emptied: a row of nothing but the slice, which the strategy does not insert.
    select
        [% for name in columns %]
        [[ 'newest_sync.' + name if name in slices else 'null as ' + name ]][[ '' if loop.last else ',' ]]
        [% endfor %]
    from newest_sync
    left join delivered
        on [[ same('delivered', 'newest_sync', slices) ]]
        and delivered._sync_id = newest_sync._sync_id
    where delivered._sync_id is null
    {% endif %}
)

select * from final
{% endif %}
