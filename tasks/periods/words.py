"""What people are told about closed months: a sentence for each month and cause, never one for each figure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal

from expectations.judge.verdict import Finding, Subject, Verdict
from tasks.adapters.ops_closes import Cell, Entry, Event
from tasks.window import Window

CHECK, OWNER, SOURCE = "closed_month_changed", "@finance-data", "marts"
EVERY = "closed months"
# Which figure is told by name where many moved: the one that finance signs before the one of a single campaign.
_FIRST = (
    *(("agg_channel_daily", "net_sales"), ("agg_channel_daily", "spend"), ("fct_ad_performance", "spend")),
    *(("fct_orders", "net_sales"), ("fct_refunds", "amount")),
)


def verdicts_of(months: Sequence[Event], entries: Iterable[Entry], window: Window) -> tuple[Verdict, ...]:
    """One verdict for each month and cause whose figures are not as signed; else one that passed.

    `months` are the last events of the months. What moved and moved back counts for nothing.
    """
    by_version: dict[tuple[str, int], list[Entry]] = defaultdict(list)
    for entry in entries:
        by_version[entry.month, entry.version].append(entry)
    found = [
        _changed(event, cause, moved)
        for event in months
        for cause, moved in _by_cause(by_version[event.month, event.version]).items()
    ]
    subject = Subject(SOURCE, "fin_closed_figures", OWNER, window)
    return tuple(subject.verdict(CHECK, finding) for finding in found or [_passed(months)])


def _by_cause(entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    totals: dict[Cell, Decimal] = defaultdict(Decimal)
    for entry in entries:
        totals[entry.cell] += entry.amount
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if totals[entry.cell] and entry.cause != "reopened":
            found[entry.cause].append(entry)
    return dict(sorted(found.items()))


def _changed(event: Event, cause: str, moved: Sequence[Entry]) -> Finding:
    days, cells = sorted({entry.day for entry in moved}), {entry.cell for entry in moved}
    syncs = sorted({sync for entry in moved for sync in entry.syncs.split(", ") if sync})
    brought = f" It came with {_some(syncs)}." if syncs else ""
    state = f" The month was opened again by {event.by}: {event.reason}." if event.action == "reopened" else ""
    figures = "figure is" if len(cells) == 1 else "figures are"
    told = f"{event.month} is signed, and {len(cells)} {figures} not as signed any more ({cause}): {_told(moved)}."
    return Finding(
        scope=f"{event.month} {cause}",
        state="warned",
        severity="warning",
        sentence=told + brought + state,
        observed=f"{len(cells)} {'figure' if len(cells) == 1 else 'figures'} on {_some(days)}",
        expected=f"the figures signed as version {event.version}",
    )


def _passed(months: Sequence[Event]) -> Finding:
    closed = [event.month for event in months if event.action == "closed"]
    sentence = f"All figures of {_some(closed)} are as signed." if closed else "No month is closed."
    return Finding(EVERY, "passed", "warning", sentence, observed="0 figures", expected="the signed figures")


def _told(moved: Sequence[Entry]) -> str:
    """The figure that matters most, and how it moved over all of its days and channels."""
    names = {(entry.mart, entry.metric) for entry in moved}
    chosen = next((name for name in _FIRST if name in names), min(names))
    amount = sum((entry.amount for entry in moved if (entry.mart, entry.metric) == chosen), Decimal(0))
    return f"{chosen[1]} of {chosen[0]} moved by {amount:+,.2f}"


def _some(things: Sequence[str]) -> str:
    return ", ".join(things[:3]) + (f" and {len(things) - 3} more" if len(things) > 3 else "")
