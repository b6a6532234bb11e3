"""Writes the typed SELECT of a stream for each engine: the payload is parsed once, from its contract.

DuckDB: one `from_json` with the target types inside the structure (a decimal is exact there, and only there).
Snowflake: the text of each path, then try_cast. Lists are searched through one list of their keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from deployments.render.duckdb import DuckDb
from deployments.render.payload import holds, kept_fields, text
from deployments.render.snowflake import Snowflake
from deployments.render.text import filled
from expectations.declare.contract import BROKEN, PROVENANCE, HeldField, RowRule, contract
from expectations.declare.field import AD_PARTS, Field, column_name
from expectations.declare.stream import Rows, Stream


class Engine(Protocol):
    """How one engine spells the places and types of a payload."""

    prefix: str

    def parsed(self) -> list[str]:
        """Columns of the first step: the payload, parsed once, and the tokens."""

    def lists(self) -> list[str]:
        """Columns of a second step that later ones search; none where the engine needs none."""

    def value(self, field: Field) -> str:
        """The typed value of a field; the text of a url."""

    def token(self, field: Field) -> str:
        """The join token of a personal field."""

    def kept(self, rows: Rows) -> str:
        """The list that becomes rows, with nothing in it but what its fields read."""

    def opened(self, rows: Rows) -> list[str]:
        """Columns `item` and `position` (from 1) of the elements of a kept list."""

    def origin(self, rows: Rows) -> str:
        """Where the elements are read from; the parents are the relation `parents`."""

    def element(self, rows: Rows, field: Field) -> str:
        """The typed value of a field of `item`."""


@dataclass(frozen=True)
class _Step:
    name: str
    origin: str
    columns: list[str]


def typed_macro(stream: Stream) -> str:
    """The dispatched macro `typed_<source>__<stream>(rows)` with both engines' SELECT."""
    engines = [_engine(stream, engine) for engine in (DuckDb(stream), Snowflake(stream))]
    return filled("typed", name=f"typed_{stream.source}__{stream.name}", engines=engines)


def rows_macro(stream: Stream, rows: Rows) -> str:
    """The dispatched macro `rows_<source>__<list>(parents)` with both engines' SELECT, one row per element."""
    engines = []
    for engine in (DuckDb(stream), Snowflake(stream)):
        engines.append(_opened(rows, engine))
    return filled("rows", name=f"rows_{stream.source}__{rows.name}", engines=engines, rows=rows, provenance=PROVENANCE)


def _opened(rows: Rows, engine: Engine) -> dict[str, object]:
    fields = [f"{engine.element(rows, field)} as {field.column}" for field in rows.fields.values()]
    return {
        "prefix": engine.prefix,
        "opened": engine.opened(rows),
        "origin": engine.origin(rows),
        "fields": fields,
    }


def _engine(stream: Stream, engine: Engine) -> dict[str, object]:
    steps = _steps(stream, engine)
    last = steps[-1].name if steps else "parsed"
    held = contract(stream).held
    looked_at = bool(held) or any(field.sum for field in kept_fields(stream))
    return {
        "prefix": engine.prefix, "parsed": [*(["_airbyte_data"] if looked_at else []), *engine.parsed()],
        "steps": steps, "last": last, "selected": _selected(stream, engine),
        "broken": BROKEN, "verdicts": [_verdict(one) for one in held],
        "columns": [column.name for column in contract(stream).columns],
    }  # fmt: skip


def _verdict(held: HeldField) -> str:
    """The rule that a field breaks, with its column and a space, or nothing."""
    field, column = held.field, held.column
    told = {rule: f"then '{rule}:{column} '" for rule in held.rules}
    listed = ", ".join(text(value) for value in field.one_of)
    cases: dict[RowRule, str] = {
        "uncastable": f"{column} is null and {holds(field, '_airbyte_data')}",
        "null": f"{column} is null",
        "outside": f"{column} not in ({listed})",
        "below": f"{column} < {field.at_least}",
    }
    spelled = " ".join(f"when {condition} {told[rule]}" for rule, condition in cases.items() if rule in told)
    return f"case {spelled} else '' end"


def _steps(stream: Stream, engine: Engine) -> list[_Step]:
    """What is computed between parsing and selecting: lists of keys, then the texts and queries of urls."""
    urls = {column_name(field.name): field for field in kept_fields(stream) if field.type == "url"}
    planned = [
        ("with_keys", engine.lists()),
        ("with_urls", [f"{engine.value(field)} as {name}_text" for name, field in urls.items()]),
        ("with_parameters", [f"{{{{ url_parameters('{name}_text') }}}} as {name}_parameters" for name in urls]),
    ]
    steps: list[_Step] = []
    for name, columns in planned:
        if columns:
            steps.append(_Step(name, steps[-1].name if steps else "parsed", columns))
    return steps


def _selected(stream: Stream, engine: Engine) -> list[str]:
    """The select list of the last step, in the order of the contract."""
    parts = []
    for field in stream.fields.values():
        if field.pii == "join":
            parts.append(f"{engine.token(field)} as {field.column}")
        elif field.pii is None and field.type == "url":
            parts += _url_columns(field)
        elif field.pii is None:
            parts.append(f"{engine.value(field)} as {field.column}")
    return [*parts, *(f"{engine.kept(rows)} as {rows.name}" for rows in stream.lists.values())]


def _url_columns(field: Field) -> list[str]:
    name = column_name(field.name)
    text, parameters = f"{name}_text", f"{name}_parameters"
    parts = [f"{{{{ url_host('{text}') }}}} as {name}_host", f"{{{{ url_path('{text}') }}}} as {name}_path"]
    for part in field.url_parts[2:]:
        reader = f"url_parameter('{parameters}', '{part}')"
        if part.startswith("click_id"):
            reader = f"url_{part}('{parameters}')"
        elif part in AD_PARTS:
            reader = f"url_ad_part('{parameters}', '{part}')"
        parts.append(f"{{{{ {reader} }}}} as {name}_{part}")
    return parts
