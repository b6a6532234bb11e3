"""Writes the dbt models of a stream: typed history, current rows, their descriptions, and the sources file."""

from __future__ import annotations

from deployments.render_typing import is_timestamp, typed_macro
from expectations.declare.contract import contract
from expectations.declare.field import Column
from expectations.declare.source import Source
from expectations.declare.stream import Stream

Files = dict[str, str]
LAST = "\nselect * from final\n"


def files_of(source: Source) -> Files:
    """Every dbt file of one source but its measurements, by path below `dbt/`."""
    files: Files = {f"models/staging/{source.name}/_sources.yml": _sources(source)}
    for stream in source.streams.values():
        folder = f"models/staging/{source.name}"
        files[f"macros/typed/{source.name}__{stream.name}.sql"] = typed_macro(stream)
        files[f"{folder}/{stream.staging_model}.sql"] = _staging(stream)
        files[f"{folder}/{stream.staging_model}.yml"] = _described(source, stream, stream.staging_model, _history(stream))
        if stream.kind != "event":
            here = f"models/intermediate/{stream.current_model}"
            files[f"{here}.sql"] = _report(stream) if stream.kind == "report" else _entity(stream)
            files[f"{here}.yml"] = _described(source, stream, stream.current_model, _current(stream))
    return files


def providers_macro(sources: dict[str, Source]) -> str:
    """The macro that tells which sources a conformed fact is made of."""
    facts: dict[str, list[str]] = {}
    for source in sources.values():
        for fact in source.provides:
            facts.setdefault(fact, []).append(source.name)
    lines = "".join(f"        '{fact}': {sorted(names)!r},\n" for fact, names in sorted(facts.items()))
    return (
        "{# The sources that declare a fact under `provides`; each has a model <source>__<fact>. #}\n"
        "{% macro sources_providing(fact) %}\n"
        "    {%- set providers = {\n" + lines + "    } -%}\n"
        "    {{ return(providers[fact]) }}\n"
        "{% endmacro %}\n"
    )


def _sources(source: Source) -> str:
    hours = int(source.fresh_within.total_seconds() // 3600)
    lines = [
        "version: 2",
        "sources:",
        f"  - name: {source.name}",
        f"    description: {_quoted(f'{source.title} as Airbyte delivered it, payload verbatim')}",
        "    schema: raw",
        "    loader: airbyte",
        "    config:",
        f"      meta: {{owner: {_quoted(source.owner.team)}, slack: {_quoted(source.owner.slack)}}}",
        "      loaded_at_field: _airbyte_extracted_at",
        f"      freshness: {{error_after: {{count: {hours}, period: hour}}}}",
        "    tables:",
    ]
    for stream in source.streams.values():
        lines.append(f"      - {{name: {stream.name}, identifier: {stream.raw_table.split('.')[1]}}}")
    return "\n".join(lines) + "\n"


def _history(stream: Stream) -> str:
    if stream.kind == "event":
        return f"One row per {', '.join(stream.key)}: the first delivery counts, later ones are not added."
    return "One row per sealed row: the whole typed history, nothing replaced."


def _current(stream: Stream) -> str:
    keys = ", ".join(stream.key)
    if stream.kind == "report":
        return f"One row per {keys}: the newest succeeded sync of each slice ({', '.join(stream.slice)})."
    return f"One row per {keys}: its newest version."


def _described(source: Source, stream: Stream, model: str, grain: str) -> str:
    about = f"{grain} {stream.description}".strip()
    lines = ["version: 2", "models:", f"  - name: {model}", f"    description: {_quoted(about)}"]
    lines += ["    config:", f"      meta: {{owner: {_quoted(source.owner.team)}, slack: {_quoted(source.owner.slack)}}}"]
    lines += ["    columns:"]
    for column in contract(stream).columns:
        lines += [f"      - name: {column.name}", f"        description: {_quoted(column.description)}"]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _staging(stream: Stream) -> str:
    rows = f"unseen(source('{stream.source}', '{stream.name}'))"
    typed = f"typed as (\n    {{{{ typed_{stream.source}__{stream.name}({rows}) }}}}\n)"
    if stream.kind != "event":
        return f"with {typed},\n\nfinal as (\n    select * from typed\n)\n{LAST}"
    unique = [*stream.key_columns, stream.slice_columns[-1]] if stream.slice else list(stream.key_columns)
    keys = ", ".join(stream.key_columns)
    return (
        f"{{{{ config(incremental_strategy='new_keys', unique_key={unique!r}) }}}}\n\n"
        f"with {typed},\n\nfinal as (\n    select *\n    from typed\n"
        f"    qualify {stream.key_columns[0]} is null or row_number() over (\n        partition by {keys}\n"
        "        order by _extracted_at desc, _sync_id desc, _source_file desc, _source_row desc\n    ) = 1\n)\n" + LAST
    )


def _names(columns: tuple[Column, ...]) -> str:
    return ",\n        ".join(column.name for column in columns)


def _report(stream: Stream) -> str:
    """Newest sync per slice; only the slices that new rows touch are read and replaced."""
    slices, keys = list(stream.slice_columns), list(stream.key_columns)
    present = "\n        and ".join(f"history.{name} is not null" for name in dict.fromkeys(slices + keys))
    same = " and ".join(f"rows_of_slice.{name} = newest_sync.{name}" for name in [*slices, "_sync_id"])
    touched = " and ".join(f"touched.{name} = history.{name}" for name in slices)
    listed = ", ".join(slices)
    return f"""{{{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key={slices!r}) }}}}

with history as (
    select * from {{{{ ref('{stream.staging_model}') }}}}
),

touched as (
    select distinct {listed}
    from {{{{ unseen(ref('{stream.staging_model}')) }}}} as unseen_rows
),

rows_of_slice as (
    select history.*
    from history
    inner join touched on {touched}
    where
        {present}
),

newest_sync as (
    select {listed}, _sync_id
    from rows_of_slice
    group by {listed}, _sync_id
    qualify row_number() over (partition by {listed} order by max(_extracted_at) desc, _sync_id desc) = 1
),

current_rows as (
    select rows_of_slice.*
    from rows_of_slice
    inner join newest_sync on {same}
),

final as (
    select
        {_names(contract(stream).columns)}
    from current_rows
    qualify row_number() over (
        partition by {", ".join(keys)}
        order by _extracted_at desc, _source_file desc, _source_row desc
    ) = 1
)
{LAST}"""


def _entity(stream: Stream) -> str:
    """Newest version per key; new versions compete with the current ones only."""
    keys = list(stream.key_columns)
    names = _names(contract(stream).columns)
    present = " and ".join(f"{name} is not null" for name in keys)
    return f"""{{{{ config(materialized='incremental', incremental_strategy='delete+insert', unique_key={keys!r}) }}}}

with new_versions as (
    select
        {names}
    from {{{{ unseen(ref('{stream.staging_model}')) }}}} as unseen_rows
    where {present}
),

candidates as (
    select * from new_versions
    {{%- if is_incremental() %}}
    union all
    select
        {names}
    from {{{{ this }}}}
    where ({", ".join(keys)}) in (select {", ".join(keys)} from new_versions)
    {{%- endif %}}
),

final as (
    select *
    from candidates
    qualify row_number() over (
        partition by {", ".join(keys)}
        order by {_newest_first(stream)}
    ) = 1
)
{LAST}"""


def _newest_first(stream: Stream) -> str:
    order = ["_extracted_at desc", "_sync_id desc", "_source_file desc", "_source_row desc"]
    if not stream.cursor:
        return ", ".join(order)
    field = stream.fields[stream.cursor]
    # Shopify reports a deletion without the cursor: its extraction is the instant of the change.
    cursor = f"coalesce({field.column}, _extracted_at)" if is_timestamp(field) else field.column
    return ", ".join([f"{cursor} desc nulls last", *order])
