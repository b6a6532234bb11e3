"""Which checks a stream gets: the suite `<source>.<stream>`, derived from its declaration.

Plain data; `gx.py` turns it into Great Expectations objects.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from expectations.declare.budgets import budgets
from expectations.declare.contract import contract
from expectations.declare.promotions import promotions
from expectations.declare.source import Source
from expectations.declare.stream import Stream
from expectations.judge.ladder.bounds import HISTORY_DAYS
from expectations.judge.rules import ACCOUNT_CURRENCY, ROWS
from expectations.judge.verdict import Severity, Span

HOURS_BEHIND = "hours_behind"
MARTS_OWNER = "@data-platform"


@dataclass(frozen=True)
class Planned:
    """One expectation: the check, and what it must know."""

    check: str
    severity: Severity
    arguments: Mapping[str, Any]
    what: str = ""  # where a check looks at more than one thing


@dataclass(frozen=True)
class AtLeast:
    """A stock expectation: the metric is not below `least` and not above `most`."""

    check: str
    severity: Severity
    metric: str
    scope: str
    sentence: str
    least: float | None = None
    most: float | None = None


@dataclass(frozen=True)
class Suite:
    """All that is checked about one stream (or about the marts) in one window."""

    name: str
    source: str
    model: str
    title: str
    owner: str
    window: Span
    planned: tuple[Planned | AtLeast, ...]


def suite_of(source: Source, stream: Stream, window: Span, *, closed: Collection[date], history_days: int) -> Suite:
    """The suite of one stream; `closed` are the days of the window that are over."""
    unit = source.currency if isinstance(source.currency, str) else ACCOUNT_CURRENCY
    about = {"title": source.title, "stream": stream.name, "history_days": history_days, "unit": unit}
    days = [day.isoformat() for day in sorted(closed)]
    planned = [*_stock(source, stream, window), _drift(stream, about), _once(about, window), _cells(stream, about)]
    planned += (
        [_spend(source, {**about, **_control(source, stream)}, closed)]
        if stream.watch and not stream.watch.judged_in
        else []
    )
    planned += [_totals(stream, about, days)] if stream.reconcile else []
    planned += [_restated(source, about)] if stream.slice_day and stream.kind != "entity" else []
    return Suite(
        name=stream.suite,
        source=source.name,
        model=stream.name,
        title=f"{source.title}: {stream.name}",
        owner=source.owner.slack,
        window=window,
        planned=tuple(planned),
    )


def _stock(source: Source, stream: Stream, window: Span) -> list[Planned | AtLeast]:
    if stream.kind == "entity":
        return []  # a day on which no campaign or contact changed is an ordinary day
    hours = source.fresh_within.total_seconds() / 3600
    name, scope = f"{source.title} {stream.name}", f"{stream.name} {window.label}"
    delivered, fresh = f"{name} delivered rows for {window.label}.", f"{name} is at most {hours:.0f} hours behind."
    return [
        AtLeast("completeness", "critical", "rows", scope, delivered, least=1),
        AtLeast("freshness", "warning", HOURS_BEHIND, scope, fresh, most=hours),
    ]


def _drift(stream: Stream, about: Mapping[str, Any]) -> Planned:
    types = {name: field.type for name, field in stream.fields.items()}
    return Planned("schema_drift", "critical", {**about, "keys": _keys(stream), "types": types})


def _keys(stream: Stream) -> dict[str, bool]:
    """The declared payload keys, True where a row must have one."""
    promised = contract(stream)
    return {key: any(not f.nullable for f in promised.fields_of(key)) for key in promised.payload_keys}


def _once(about: Mapping[str, Any], window: Span) -> Planned:
    return Planned("duplicate_load", "critical", {**about, "window": window.label})


def _cells(stream: Stream, about: Mapping[str, Any]) -> Planned:
    about = {**about, "keys": _keys(stream), "carried": {name: f.payload_key for name, f in stream.fields.items()}}
    fields = stream.fields.items()
    required = [name for name, field in fields if not field.nullable or name in stream.key]
    most = {name: field.null_rate_at_most for name, field in fields if field.null_rate_at_most is not None}
    return Planned("null_spike", "critical", {**about, "required": required, "most": most})


def _control(source: Source, stream: Stream) -> dict[str, str]:
    """How far apart the totals may be of the stream itself, or of the one that is judged in it."""
    for one in source.streams.values():
        if one.reconcile and one.watch and stream.name in (one.name, one.watch.judged_in):
            return {"absolute": str(one.reconcile.tolerance), "share": str(one.reconcile.tolerance_share)}
    return {}


def _spend(source: Source, about: Mapping[str, Any], closed: Collection[date]) -> Planned:
    """What people wrote about the closed days and those that they are compared with: promotions and budgets."""
    first = min(closed, default=date.max) - timedelta(days=HISTORY_DAYS if closed else 0)
    listed = [
        (str(each.first), str(each.last), each.name, str(each.multiplier))
        for each in promotions()
        if each.last >= first and each.first <= max(closed, default=date.min)
    ]
    days = [day.isoformat() for day in sorted(closed)]
    months = {day.replace(day=1) for day in closed}
    planned = [
        (str(each.month), each.source, each.account, str(each.amount))
        for each in budgets()
        if each.source == source.name and each.month in months
    ]
    return Planned("spend_anomaly", "critical", {**about, "closed": days, "calendar": listed, "budgets": planned})


def _totals(stream: Stream, about: Mapping[str, Any], days: list[str]) -> Planned:
    declared = stream.reconcile
    assert declared is not None
    tolerance = {"absolute": str(declared.tolerance), "share": str(declared.tolerance_share)}
    ours = declared.measure.ours
    about = {**about, "unit": ROWS} if ours == "rows" and ours not in stream.fields else about
    return Planned("reconciliation", "critical", {**about, "closed": days, "control": declared.control, **tolerance})


def _restated(source: Source, about: Mapping[str, Any]) -> Planned:
    return Planned("restatement", "warning", {**about, "look_back": source.look_back.days})


def rows_in(mart: str) -> str:
    """The metric with the rows of the judged day in a mart."""
    return f"rows_in_{mart}"


def marts_suite(window: Span, marts: Collection[str]) -> Suite:
    """The suite `marts`: what the built marts must show for the last day of the window."""
    day = window.label[-10:] if ".." in window.label else window.label
    filled = [
        AtLeast("completeness", "warning", rows_in(mart), f"{mart} {day}", f"{mart} has rows of {day}.", least=1)
        for mart in marts
    ]
    return Suite(
        name="marts",
        source="marts",
        model="marts",
        title="Marts",
        owner=MARTS_OWNER,
        window=window,
        planned=tuple(filled),
    )


def reconciliation_suite(window: Span, closed: Collection[date], titles: Mapping[str, str]) -> Suite:
    """The suite `marts.reconciliation`: whether the marts and the release hold what was read, to the cent."""
    days = [day.isoformat() for day in sorted(closed)]
    about = {"title": "Marts", "stream": "reconciliation", "closed": days, "titles": dict(titles)}
    return Suite(
        name="marts.reconciliation",
        source="marts",
        model="reconciliation",
        title="Marts: reconciliation",
        owner=MARTS_OWNER,
        window=window,
        planned=(Planned("reconciliation", "critical", about, "of marts"),),
    )


def operations_suite(window: Span) -> Suite:
    """The suite `operations`: whether the promises about time were kept in the days before."""
    about = {"title": "Operations", "stream": "schedule"}
    return Suite(
        name="operations.schedule",
        source="operations",
        model="schedule",
        title="Operations",
        owner=MARTS_OWNER,
        window=window,
        planned=(Planned("slow_extract", "warning", about), Planned("missed_deadline", "warning", about)),
    )
