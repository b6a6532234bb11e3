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
final as (
    select
        [[ engine.selected | join(',\n        ') ]],
        _sync_id,
        _extracted_at,
        _source_file,
        _source_row,
        _load_seq,
        _changes
    from [[ engine.last ]]
)

select * from final
{% endmacro %}
[% if not loop.last %]

[% endif %]
[% endfor %]
