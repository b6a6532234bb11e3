"""Writes the models of lists inside a payload: one row per element, of the current version of its parent only.

The list was kept by the one parse of the payload, so nothing is read twice and the model is a view: it can neither lag
behind its parent nor outlive it. An element without a key stays a row of its own; the test of the grain finds it.
"""

from __future__ import annotations

from deployments.render.text import Files, filled, quoted
from deployments.render.typing import rows_macro
from expectations.declare.contract import PROVENANCE
from expectations.declare.source import Source
from expectations.declare.stream import Rows, Stream

_TEST = """    data_tests:
      - one_row_per:
          name: {model}__grain
          arguments:
            columns: [{key}]
"""


def rows_of(source: Source, stream: Stream) -> Files:
    """Macro, model and description of every list of a stream, by path below `dbt/`."""
    files: Files = {}
    for rows in stream.lists.values():
        model = stream.rows_model(rows)
        here = f"models/staging/{source.name}/{model}"
        files[f"macros/typed/{source.name}__{rows.name}.sql"] = rows_macro(stream, rows)
        files[f"{here}.sql"] = filled("rows_model", stream=stream, rows=rows)
        files[f"{here}.yml"] = _described(source, stream, rows)
    return files


def _described(source: Source, stream: Stream, rows: Rows) -> str:
    model = stream.rows_model(rows)
    about = f"One row per {', '.join(rows.key)}: the elements of {'.'.join(rows.path)} in the current {stream.name}."
    about = f"{about} {rows.description}".strip()
    lines = ["version: 2", "models:", f"  - name: {model}", f"    description: {quoted(about)}"]
    owner = f"{{owner: {quoted(source.owner.team)}, slack: {quoted(source.owner.slack)}}}"
    lines += ["    config:", f"      meta: {owner}", _TEST.format(model=model, key=", ".join(rows.key)).rstrip()]
    lines.append("    columns:")
    carried = {name: f"{column} of the parent in {stream.name}" for name, column in rows.carries.items()}
    about_columns = carried | {"position": "Place of the element in its list, from 1"}
    about_columns |= {column.name: column.description for column in (*rows.columns, *PROVENANCE)}
    for name, told in about_columns.items():
        lines += [f"      - name: {name}", f"        description: {quoted(told)}"]
    return "\n".join(lines) + "\n"
