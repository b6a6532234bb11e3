{% macro [[ name ]](parents) %}{{ return(adapter.dispatch('[[ name ]]')(parents)) }}{% endmacro %}

[% for engine in engines %]
{% macro [[ engine.prefix ]]__[[ name ]](parents) %}
with parents as (
    select * from {{ parents }}
),

opened as (
    select
[% for name, column in rows.carries.items() %]
        parents.[[ column ]] as [[ name ]],
[% endfor %]
        [[ engine.opened | join(',\n        ') ]],
[% for column in provenance %]
        parents.[[ column.name ]][[ '' if loop.last else ',' ]]
[% endfor %]
    from [[ engine.origin ]]
),

final as (
    select
[% for name in rows.carries %]
        [[ name ]],
[% endfor %]
        position,
        [[ engine.fields | join(',\n        ') ]],
[% for column in provenance %]
        [[ column.name ]][[ '' if loop.last else ',' ]]
[% endfor %]
    from opened
)

select * from final
{% endmacro %}
[% if not loop.last %]

[% endif %]
[% endfor %]
