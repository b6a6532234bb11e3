"""Writes the two sides of a reconciliation: our figure and the control's, per account and closed day.

Beside them stands what a sync landed and did not count: copies of a row, older versions, and rows held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from deployments.render.text import filled
from deployments.render.watch import Step
from expectations.declare.contract import BROKEN
from expectations.declare.field import TIMESTAMP_TYPES
from expectations.declare.source import Source
from expectations.declare.stream import Reconcile, Remainder, Stream


@dataclass(frozen=True)
class _Part:
    """Rows of a stream that are summed: the fields that say account and day, the value of one row, and which rows."""

    stream: Stream
    on: tuple[str, ...]
    value: str
    where: str = ""


def reconcile_step(source: Source, stream: Stream) -> Step | None:
    """Both sides of the declared control, or nothing where the stream has none."""
    rule = stream.reconcile
    if not rule:
        return None
    parts, control = _parts(source, stream, rule), source.streams[rule.control]
    theirs = _Part(control, tuple(pair.theirs for pair in rule.on), _value(control, rule.measure.theirs))
    text = filled(
        "reconcile",
        s=stream.name,
        ours=[_side(source, _told_of(part)) for part in parts],
        theirs=_side(source, theirs),
        uncounted=[text for part in parts for text in _uncounted(source, part)],
        measure=rule.measure.ours,
        scale=f"{rule.scale:f}",
        reach=source.reach,
    )
    return Step(f"{stream.name}_reconciled", text)


def _parts(source: Source, stream: Stream, rule: Reconcile) -> list[_Part]:
    on = tuple(pair.ours for pair in rule.on)
    value = " + ".join(_value(stream, name) for name in (rule.measure.ours, *rule.added))
    parts = [_Part(stream, on, value, _where(stream, rule))]
    if rule.plus_remainder:
        parts.append(_remainder(source, stream, rule, rule.plus_remainder))
    if rule.minus:
        less = source.streams[rule.minus.stream]
        taken = f"-1 * {_value(less, rule.minus.measure)}"
        parts.append(_Part(less, tuple(pair.ours for pair in rule.minus.on), taken))
    return parts


def _told_of(part: _Part) -> _Part:
    """The part without the days of which nothing is told, by a literal day: whole blocks of them are skipped."""
    days = [part.stream.fields[name] for name in part.on if part.stream.fields[name].is_day]
    if not days:
        return part
    late = f"side.{days[0].column} >= cast('{{{{ told_from }}}}' as date)"
    return replace(part, where=f"{part.where} and {late}" if part.where else late)


def _side(source: Source, part: _Part) -> str:
    account, day = _split(source, part.stream, part.on)
    value = f"sum({part.value})"
    return filled("side", account=account, day=day, value=value, current=part.stream.current_model, where=part.where)


def _uncounted(source: Source, part: _Part) -> list[str]:
    """Copies and older versions beside the rows that count, and rows that are held back; an event has neither."""
    stream = part.stream
    account, day = _split(source, stream, part.on)
    known = {"s": stream.name, "account": account, "day": day, "value": part.value, "where": part.where}
    texts = []
    if stream.kind != "event":
        kept = part.value.replace("side.", "kept.")
        models = {"staging": stream.staging_model, "current": stream.current_model}
        texts.append(filled("copies", **known, **models, kept=kept, keys=stream.key_columns))
    if stream.holds_rows_back:
        texts.append(filled("held_back", **known, typed=stream.typed_model, broken=BROKEN))
    return texts


def _split(source: Source, stream: Stream, on: Sequence[str]) -> tuple[str, str]:
    """The account text and the day out of the fields that both sides are joined on."""
    fields = [stream.fields[name] for name in on]
    days = [field for field in fields if field.is_day]
    accounts = [f"cast(side.{field.column} as varchar)" for field in fields if not field.is_day]
    account = " || ' ' || ".join(accounts) if accounts else "''"
    if not days:
        return account, "cast(null as date)"
    column = f"side.{days[0].column}"
    if days[0].type not in TIMESTAMP_TYPES:
        return account, column
    zone = str(source.zone)
    local = column if zone == "UTC" else f"""{{{{ to_zone('{column}', "'{zone}'") }}}}"""
    return account, f"cast({local} as date)"


def _value(stream: Stream, name: str) -> str:
    """What one row adds to the sum; a name that is no field counts rows."""
    field = stream.fields.get(name)
    return f"cast({f'coalesce(side.{field.column}, 0)' if field else '1'} as decimal(38, 9))"


def _where(stream: Stream, rule: Reconcile) -> str:
    parts = []
    for name, value in rule.where.items():
        column = f"side.{stream.fields[name].column}"
        if isinstance(value, bool):
            parts.append(f"coalesce({column}, false) = {str(value).lower()}")  # as marts read a flag that is not set
        else:
            parts.append("{} = '{}'".format(column, value.replace("'", "''")))
    return " and ".join(parts)


def _remainder(source: Source, stream: Stream, rule: Reconcile, remainder: Remainder) -> _Part:
    """Rows of the coarser stream whose `by` has no row at all in the finer one for the same keys."""
    rest, on = source.streams[remainder.stream], [pair.ours for pair in rule.on]
    same = " and ".join(
        f"finer.{stream.fields[name].column} = side.{rest.fields[name].column}" for name in [*on, remainder.by]
    )
    finer = f"{{{{ ref('{stream.current_model}') }}}} as finer"
    missing = f"not exists (select 1 from {finer} where {same})"  # noqa: S608 - declared names
    return _Part(rest, tuple(on), _value(rest, rule.measure.ours), missing)
