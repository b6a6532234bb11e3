"""Writes the two sides of a reconciliation: our figure and the control's, per account and closed day."""

from __future__ import annotations

from deployments.render_watch import Step
from expectations.declare.field import TIMESTAMP_TYPES
from expectations.declare.source import Source
from expectations.declare.stream import Minus, Pair, Reconcile, Stream

_TEXT = """
{s}_ours as (
    select account, day, sum(value) as value
    from (
        {ours}
    ) as parts
    where day is not null
    group by account, day
),

{s}_theirs as (
    {theirs}
),

{s}_sides as (
    select account, day, 'reconcile_ours' as metric, value from {s}_ours
    union all
    select account, day, 'reconcile_theirs' as metric, value from {s}_theirs
    where day is not null
),

{s}_reconciled as (
    select
        pending.window_start,
        pending.window_end,
        '{s}' as model,
        pairs.account,
        pairs.day,
        pairs.metric,
        '{measure}' as field,
        coalesce(sides.value, 0) * {scale} as value,
        cast(null as decimal(38, 6)) as baseline,
        cast(null as bigint) as baseline_n,
        case when sides.value is null then 'no rows on this side' else '' end as detail,
        cast(null as bigint) as sync_id
    from pending
    inner join (
        select keys.account, keys.day, metrics.metric
        from (select distinct account, day from {s}_sides) as keys
        cross join (values ('reconcile_ours'), ('reconcile_theirs')) as metrics (metric)
    ) as pairs
        on pairs.day >= cast(pending.window_start as date)
        and cast({{{{ dbt.dateadd('day', 1, 'pairs.day') }}}} as timestamp) <= pending.window_end
    left join {s}_sides as sides
        on pairs.account = sides.account and pairs.day = sides.day and pairs.metric = sides.metric
)"""


def reconcile_steps(source: Source, stream: Stream) -> Step | None:
    """Both sides of the declared control, or nothing where the stream has none."""
    rule = stream.reconcile
    if not rule:
        return None
    control = source.streams[rule.control]
    ours = [_side(source, stream, [pair.ours for pair in rule.on], rule.measure.ours, _where(stream, rule))]
    if rule.plus_remainder:
        ours.append(_remainder(source, stream, rule))
    if rule.minus:
        ours.append(_taken_off(source, rule.minus))
    text = _TEXT.format(
        s=stream.name,
        ours="\n        union all\n        ".join(ours),
        theirs=_side(source, control, [pair.theirs for pair in rule.on], rule.measure.theirs, ""),
        measure=rule.measure.ours,
        scale=f"{rule.scale:f}",
    )
    return Step(f"{stream.name}_reconciled", text)


def _side(source: Source, stream: Stream, on: list[str], measure: str, where: str) -> str:
    account, day = _split(source, stream, on)
    condition = f" where {where}" if where else ""
    return (
        f"select {account} as account, {day} as day, {_measure(stream, measure)} as value"
        f" from {{{{ ref('{stream.current_model}') }}}} as side{condition} group by {account}, {day}"
    )


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


def _measure(stream: Stream, name: str) -> str:
    field = stream.fields.get(name)
    return f"sum(cast(coalesce(side.{field.column}, 0) as decimal(38, 9)))" if field else "cast(count(*) as decimal(38, 9))"


def _where(stream: Stream, rule: Reconcile) -> str:
    parts = []
    for name, value in rule.where.items():
        text = str(value).lower() if isinstance(value, bool) else "'{}'".format(value.replace("'", "''"))
        parts.append(f"side.{stream.fields[name].column} = {text}")
    return " and ".join(parts)


def _remainder(source: Source, stream: Stream, rule: Reconcile) -> str:
    """Rows of the coarser stream whose `by` has no row at all in the finer one for the same keys."""
    assert rule.plus_remainder is not None  # noqa: S101 - the caller asked
    rest = source.streams[rule.plus_remainder.stream]
    on = [*(pair.ours for pair in rule.on), rule.plus_remainder.by]
    same = " and ".join(f"finer.{stream.fields[name].column} = side.{rest.fields[name].column}" for name in on)
    missing = f"not exists (select 1 from {{{{ ref('{stream.current_model}') }}}} as finer where {same})"
    return _side(source, rest, [pair.ours for pair in rule.on], rule.measure.ours, missing)


def _taken_off(source: Source, minus: Minus) -> str:
    less = source.streams[minus.stream]
    text = _side(source, less, [pair.ours for pair in _pairs(minus.on)], minus.measure, "")
    return text.replace(" as value ", " * -1 as value ", 1)


def _pairs(on: tuple[Pair, ...]) -> tuple[Pair, ...]:
    return on
