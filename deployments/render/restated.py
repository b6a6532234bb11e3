"""Writes what a sync changed in closed days: per account and day, the sums before it and after it.

Within the declared look-back a change is what the source promised, and only its amount is kept; beyond it every
changed day is a row of its own. Days that no earlier sync spoke about have no before, and are not in it.
"""

from __future__ import annotations

from deployments.render.text import filled
from deployments.render.watch import Step
from expectations.declare.field import NUMBER_TYPES
from expectations.declare.source import Source
from expectations.declare.stream import Stream

ROWS = "rows"


def restated_step(source: Source, stream: Stream) -> Step | None:
    """The figures before and after the judged sync; nothing for an entity, whose versions are its history."""
    if stream.kind == "entity" or not stream.slice_day:
        return None
    known: dict[str, object] = {"s": stream.name, "staging": stream.staging_model, "day": stream.slice_day}
    known["reach"] = source.reach
    if stream.kind == "event":
        return Step(f"{stream.name}_restated", filled("late_rows", **known))
    accounts = [name for name in stream.slice_columns if name != stream.slice_day]
    text = filled(
        "restated",
        **known,
        slices=stream.slice_columns,
        accounts=accounts,
        account=" || ' ' || ".join(f"cast(pairs.{name} as varchar)" for name in accounts) or "''",
        keys=stream.key_columns,
        present=tuple(dict.fromkeys(stream.slice_columns + stream.key_columns)),
        figures=[{"name": name, "value": value} for name, value in _figures(stream).items()],
    )
    return Step(f"{stream.name}_restated", text)


def _figures(stream: Stream) -> dict[str, str]:
    """The watched metrics, else the numbers that the source never leaves empty; and always the rows."""
    if stream.watch:
        watched = stream.watch.metrics.items()
        found = {name: (stream.fields[m.field].column, f"{m.scale:f}") for name, m in watched}
    else:
        found = {f.name: (f.column, "1") for f in stream.fields.values() if _is_figure(stream, f.name)}
    sums = {
        name: f"sum(cast(coalesce({column}, 0) as decimal(38, 6))) * {scale}" for name, (column, scale) in found.items()
    }
    return sums | {ROWS: "cast(count(*) as decimal(38, 6))"}


def _is_figure(stream: Stream, name: str) -> bool:
    field = stream.fields[name]
    always = not field.nullable or field.null_rate_at_most == 0
    return field.type in NUMBER_TYPES and always and name not in (*stream.key, *stream.slice)
