"""Writes the two sides of a reconciliation: our figure and the control's, per account and closed day."""

from __future__ import annotations

from deployments.render.text import filled
from deployments.render.watch import Step
from expectations.declare.field import TIMESTAMP_TYPES
from expectations.declare.source import Source
from expectations.declare.stream import Reconcile, Remainder, Stream


def reconcile_step(source: Source, stream: Stream) -> Step | None:
    """Both sides of the declared control, or nothing where the stream has none."""
    rule = stream.reconcile
    if not rule:
        return None
    on, theirs = [pair.ours for pair in rule.on], [pair.theirs for pair in rule.on]
    measured = " + ".join(_sum(stream, name) for name in (rule.measure.ours, *rule.added))
    ours = [_side(source, stream, on, measured, where=_where(stream, rule))]
    if rule.plus_remainder:
        ours.append(_remainder(source, stream, rule, rule.plus_remainder))
    if rule.minus:
        less = source.streams[rule.minus.stream]
        taken = f"-1 * {_sum(less, rule.minus.measure)}"
        ours.append(_side(source, less, [pair.ours for pair in rule.minus.on], taken))
    control = source.streams[rule.control]
    text = filled(
        "reconcile",
        s=stream.name,
        ours=ours,
        theirs=_side(source, control, theirs, _sum(control, rule.measure.theirs)),
        measure=rule.measure.ours,
        scale=f"{rule.scale:f}",
    )
    return Step(f"{stream.name}_reconciled", text)


def _side(source: Source, stream: Stream, on: list[str], value: str, *, where: str = "") -> str:
    account, day = _split(source, stream, on)
    return filled("side", account=account, day=day, value=value, current=stream.current_model, where=where)


def _split(source: Source, stream: Stream, on: list[str]) -> tuple[str, str]:
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


def _sum(stream: Stream, name: str) -> str:
    field = stream.fields.get(name)
    if not field:
        return "cast(count(*) as decimal(38, 9))"
    return f"sum(cast(coalesce(side.{field.column}, 0) as decimal(38, 9)))"


def _where(stream: Stream, rule: Reconcile) -> str:
    parts = []
    for name, value in rule.where.items():
        text = str(value).lower() if isinstance(value, bool) else "'{}'".format(value.replace("'", "''"))
        parts.append(f"side.{stream.fields[name].column} = {text}")
    return " and ".join(parts)


def _remainder(source: Source, stream: Stream, rule: Reconcile, remainder: Remainder) -> str:
    """Rows of the coarser stream whose `by` has no row at all in the finer one for the same keys."""
    rest, on = source.streams[remainder.stream], [pair.ours for pair in rule.on]
    same = " and ".join(
        f"finer.{stream.fields[name].column} = side.{rest.fields[name].column}" for name in [*on, remainder.by]
    )
    finer = f"{{{{ ref('{stream.current_model}') }}}} as finer"
    missing = f"not exists (select 1 from {finer} where {same})"  # noqa: S608 - declared names
    return _side(source, rest, on, _sum(rest, rule.measure.ours), where=missing)
