"""Writes the dbt models of a stream: typed history, current rows, their descriptions, and the sources file."""

from __future__ import annotations

from deployments.render.rows import rows_of
from deployments.render.staging import BROKEN_COLUMN, TYPED_GRAIN, staging_of
from deployments.render.text import Files, filled, quoted
from deployments.render.typing import typed_macro
from expectations.declare.contract import contract
from expectations.declare.field import TIMESTAMP_TYPES
from expectations.declare.source import Source
from expectations.declare.stream import Stream


def files_of(source: Source) -> Files:
    """Every dbt file of one source but its measurements, by path below `dbt/`."""
    files: Files = {f"models/staging/{source.name}/_sources.yml": _sources(source)}
    for stream in source.streams.values():
        folder = f"models/staging/{source.name}"
        files[f"macros/typed/{source.name}__{stream.name}.sql"] = typed_macro(stream)
        files |= {f"{folder}/{path}": text for path, text in staging_of(stream).items()}
        if stream.holds_rows_back:
            everything = _described(source, stream, stream.typed_model, TYPED_GRAIN)
            files[f"{folder}/{stream.typed_model}.yml"] = everything + BROKEN_COLUMN
        about = _described(source, stream, stream.staging_model, _history(stream))
        files[f"{folder}/{stream.staging_model}.yml"] = about
        if stream.kind != "event":
            here = f"models/intermediate/{stream.current_model}"
            files[f"{here}.sql"] = _report(source, stream) if stream.kind == "report" else _entity(stream)
            files[f"{here}.yml"] = _described(source, stream, stream.current_model, _current(stream))
        files |= rows_of(source, stream)
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
        f"    description: {quoted(f'{source.title} as Airbyte delivered it, payload verbatim')}",
        "    schema: raw",
        "    loader: airbyte",
        "    config:",
        f"      meta: {{owner: {quoted(source.owner.team)}, slack: {quoted(source.owner.slack)}}}",
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
        return f"One row per {keys}: as the newest sync that spoke about its slice ({', '.join(stream.slice)}) says."
    return f"One row per {keys}: its newest version."


def _described(source: Source, stream: Stream, model: str, grain: str) -> str:
    about = f"{grain} {stream.description}".strip()
    lines = ["version: 2", "models:", f"  - name: {model}", f"    description: {quoted(about)}"]
    owner = f"{{owner: {quoted(source.owner.team)}, slack: {quoted(source.owner.slack)}}}"
    lines += ["    config:", f"      meta: {owner}", "    columns:"]
    for column in contract(stream).columns:
        lines += [f"      - name: {column.name}", f"        description: {quoted(column.description)}"]
    return "\n".join(lines) + "\n"


def _report(source: Source, stream: Stream) -> str:
    """Newest sync per slice; only the slices that new syncs spoke about are read and replaced."""
    slices = stream.slice_columns
    return filled(
        "report",
        stream=stream,
        slices=slices,
        day=stream.slice_day,
        accounts=[name for name in slices if name != stream.slice_day],
        reach=source.reach,
        spoken="every day from the first to the last that it brought of an account"
        if stream.slice_day
        else "its slices",
        keys=stream.key_columns,
        present=tuple(dict.fromkeys(slices + stream.key_columns)),
        columns=[column.name for column in contract(stream).columns],
    )


def _entity(stream: Stream) -> str:
    """Newest version per key; new versions compete with the current ones only."""
    names = [column.name for column in contract(stream).columns]
    return filled("entity", stream=stream, keys=stream.key_columns, columns=names, newest_first=_newest_first(stream))


def _newest_first(stream: Stream) -> list[str]:
    order = ["_extracted_at desc", "_sync_id desc", "_source_file desc", "_source_row desc"]
    if not stream.cursor:
        return order
    field = stream.fields[stream.cursor]
    # Shopify reports a deletion without the cursor: its extraction is the instant of the change.
    cursor = f"coalesce({field.column}, _extracted_at)" if field.type in TIMESTAMP_TYPES else field.column
    return [f"{cursor} desc nulls last", *order]
