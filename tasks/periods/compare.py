"""What closed months would be now, beside what was signed: each difference becomes an entry with cause and syncs.

Every build compares, so a cause lies within the half hour since the last look: what was loaded, which rates moved,
which days were done again, whether code or declarations are others. A cause is what happened on the figure's own day;
it is `unexplained` where nothing happened at all.
"""

# ruff: noqa: S608 - names of this product, months that were read as dates

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from prefect import task

from expectations.declare.source import declaration_hash
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.ops_closes import Cause, Cell, Entry, Event, Mark, OpsCloses
from tasks.adapters.ops_plans import OpsPlans
from tasks.adapters.ops_store import now
from tasks.adapters.warehouse.base import Warehouse
from tasks.backfill.figures import measured, statement
from tasks.outcomes import recorded
from tasks.periods.copies import ENTRIES, FIGURES, copy_periods
from tasks.periods.facts import Brought, brought, moved_rates, rates
from tasks.periods.month import month_window
from tasks.periods.words import verdicts_of
from tasks.publish.provenance import commit, load_seq
from tasks.window import Window


@dataclass(frozen=True)
class Difference:
    """A signed figure, what it was at the last look, and what it is now."""

    cell: Cell
    frozen: Decimal
    before: Decimal
    after: Decimal


@dataclass(frozen=True)
class Since:
    """What happened since the last look: loads, rates by day, days done again (by cell and by day), other code."""

    brought: Brought
    rates: Mapping[str, Sequence[str]]
    redone: Mapping[Cell, str]
    redone_days: Mapping[str, str]
    code: str


@task(task_run_name="compare closed months {window.label}")
@recorded
def compare_closed(window: Window) -> tuple[Verdict, ...]:
    """Note what moved in closed months, and say so: a verdict for each month and cause, one that passed where none is.

    A month that is opened again keeps its verdicts until it is closed again. Repeating it notes nothing twice.
    """
    ops = doors.ops_store()
    closes = OpsCloses(ops)
    standing = [event for event in _last_of_each(closes) if event.action == "closed"]
    if standing:
        with doors.warehouse() as warehouse:
            copy_periods(warehouse)
            if sum(_look(warehouse, closes, event) for event in standing):
                copy_periods(warehouse)
    verdicts = verdicts_of(_last_of_each(closes), closes.entries(), window)
    ops.record_verdicts(verdicts)
    return verdicts


def differences(warehouse: Warehouse, closing: Event) -> list[Difference]:
    """The figures of a closed month that are not what they were at the last look, in order.

    One query over the days of the month. Metrics that were not signed, or are measured no more, are not compared.
    """
    signed = {mart: set(names) for mart, names in (closing.evidence or {}).get("metrics", {}).items()}
    here = measured(warehouse.relations("marts"))
    both = {mart: sorted(set(names) & signed.get(mart, set())) for mart, names in here.items()}
    place = f"month = '{closing.month}' and version = {closing.version}"
    amount, before, after = (f"cast({name} as decimal(38, 6))" for name in ("amount", "figure_before", "figure_after"))
    cell = ("mart", "metric", "channel", "day")
    now_measured = statement(here, days=[month_window(closing.month)], metrics=both)
    both_sides = ", ".join(f"coalesce(measured.{name}, known.{name}) as {name}" for name in cell)
    rows = warehouse.query(
        f"with known as (select {', '.join(cell)}, sum(frozen) as frozen, sum(amount) as amount from ("
        f"select {', '.join(cell)}, {amount} as frozen, {amount} as amount from {FIGURES} where {place}"
        f" union all select {', '.join(cell)}, 0 as frozen, {after} - {before} as amount from {ENTRIES} where {place}"
        f") as told group by 1, 2, 3, 4), measured as ({now_measured})"
        f" select {both_sides}, coalesce(known.frozen, 0), coalesce(known.amount, 0), coalesce(measured.amount, 0)"
        f" from measured full join known on {' and '.join(f'measured.{name} = known.{name}' for name in cell)}"
        " where coalesce(known.amount, 0) <> coalesce(measured.amount, 0) order by 1, 2, 4, 3"
    )
    found = [
        Difference((str(m), str(n), str(c), str(d)[:10]), Decimal(frozen), Decimal(old), Decimal(new))
        for m, n, c, d, frozen, old, new in rows
    ]
    return [one for one in found if one.cell[1] in both.get(one.cell[0], ())]


def cause_of(cell: Cell, since: Since) -> tuple[Cause, str, str, str]:
    """Cause, origin, syncs and evidence of a figure that moved."""
    mart, metric, _, day = cell
    syncs = since.brought.of(mart, metric, day)
    also = f" The rate of {', '.join(since.rates[day])} moved, too." if day in since.rates else ""
    if plan := since.redone.get(cell) or since.redone_days.get(day):
        return "backfill", plan, ", ".join(syncs), f"The day was done again: {plan}."
    if syncs:
        return "late data", "", ", ".join(syncs), f"Loaded after the last look: {', '.join(syncs)}.{also}"
    if day in since.rates:
        return "rate change", "", "", f"The rate of {', '.join(since.rates[day])} on {day} is another."
    if since.code:
        return "definition change", "", "", since.code
    if since.brought.loads:
        text = f"{since.brought.loads} objects were loaded after the last look; no sync names this day."
        return "late data", "", "", text
    return "unexplained", "", "", "Nothing was loaded, and rates, code and declarations are the same."


def _look(warehouse: Warehouse, closes: OpsCloses, closing: Event) -> int:
    """Compare one month, and keep what moved and how far was looked; the number of new entries."""
    found, mark = differences(warehouse, closing), closes.mark(closing.month)
    assert mark
    window, at = month_window(closing.month), now()
    present = warehouse.relations("marts")
    seen = Mark(
        closing.month,
        closing.version,
        load_seq(warehouse),
        commit(),
        declaration_hash(),
        rates(warehouse.query, present, window),
        at,
    )
    if not found:
        closes.note(seen, [])
        return 0
    since = _since(warehouse, window, mark, seen)
    numbers: dict[Cell, int] = defaultdict(int)
    for entry in closes.entries(closing.month, closing.version):
        numbers[entry.cell] = max(numbers[entry.cell], entry.entry)
    entries = [_entry(one, closing, numbers[one.cell] + 1, since, at) for one in found]
    closes.note(seen, entries)
    return len(entries)


def _since(warehouse: Warehouse, window: Window, mark: Mark, seen: Mark) -> Since:
    relations = {
        f"{schema}.{name}" for schema in ("marts", "staging", "intermediate") for name in warehouse.relations(schema)
    }
    plans = OpsPlans(doors.ops_store())
    redone: dict[Cell, str] = {}
    days: dict[str, str] = {}
    for done in plans.promotions():
        if done.at > mark.at:
            changes = plans.changes(done.id)
            redone |= {(c.mart, c.metric, c.channel, c.day): done.id for c in changes}
            days |= {} if changes else {str(day): done.id for day in done.window.days()}
    parts = [("code", mark.code, seen.code), ("declarations", mark.declarations, seen.declarations)]
    others = [f"{name} {old[:12]} became {new[:12]}" for name, old, new in parts if old != new]
    return Since(
        brought(warehouse.query, relations, window, mark.load_seq),
        moved_rates(mark.rates, seen.rates),
        redone,
        days,
        f"Nothing of the day was loaded; {' and '.join(others)}." if others else "",
    )


def _entry(one: Difference, closing: Event, number: int, since: Since, at: datetime) -> Entry:
    cause, origin, syncs, evidence = cause_of(one.cell, since)
    place = (closing.month, closing.version, *one.cell, number)
    return Entry(*place, one.frozen, one.before, one.after, cause, origin, syncs, evidence, at)


def _last_of_each(closes: OpsCloses) -> list[Event]:
    """The last event of each month; a closing is told with its evidence."""
    newest: dict[str, Event] = {event.month: event for event in closes.events()}
    return [newest[month] for month in sorted(newest)]
