{% macro [[ name ]](rows) %}{{ return(adapter.dispatch('[[ name ]]')(rows)) }}{% endmacro %}

[% for engine in engines %]
{% macro [[ engine.prefix ]]__[[ name ]](rows) %}
with parsed as (
    select
        _sync_id,
        _airbyte_extracted_at as _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        {{ airbyte_changes('_airbyte_meta') }} as _changes,
        [[ engine.parsed | join(',\n        ') ]]
    from {{ rows }}
),

[% for step in engine.steps %]
[[ step.name ]] as (
    select
        *,
        [[ step.columns | join(',\n        ') ]]
    from [[ step.origin ]]
),

[% endfor %]
[[ 'typed' if engine.verdicts else 'final' ]] as (
    select
        [[ engine.selected | join(',\n        ') ]],
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes[% if engine.verdicts %],
        _airbyte_data[% endif %]

    from [[ engine.last ]]
)[[ ',' if engine.verdicts ]]

[% if engine.verdicts %]
final as (
    select
        [[ engine.columns | join(',\n        ') ]],
        nullif(trim(
            [[ engine.verdicts | join('\n            || ') ]]
        ), '') as [[ engine.broken ]]
    from typed
)

[% endif %]
select * from final
{% endmacro %}
[% if not loop.last %]

[% endif %]
[% endfor %]
