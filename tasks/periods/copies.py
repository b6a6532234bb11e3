"""Closed months in the warehouse, for everybody to query.

The marts fin_closed_figures, fin_restatements and fin_period_status are views of these copies. What was signed stays in
the ops store, where no build can touch it.
"""

# ruff: noqa: S608 - the names stand in this module

from __future__ import annotations

from typing import Any

from tasks import doors
from tasks.adapters.ops_closes import Entry, Event, OpsCloses
from tasks.adapters.ops_periods import OpsPeriods, Restatement
from tasks.adapters.ops_plans import plain
from tasks.adapters.warehouse.base import Warehouse, naive_utc
from tasks.adapters.warehouse.copies import Copy

FIGURES, ENTRIES = "ops.closed_figures", "ops.period_entries"
_CELL = {"mart": "varchar", "metric": "varchar", "channel": "varchar", "day": "varchar"}
_PLACE = {"month": "varchar", "version": "bigint"}
_EVENTS = {
    **{"month": "varchar", "number": "bigint", "version": "bigint", "action": "varchar", "signed_by": "varchar"},
    **{"reason": "varchar", "recorded_at": "timestamp", "release_id": "varchar", "code": "varchar"},
    **{"declarations": "varchar", "figures": "bigint", "checksum": "varchar", "changes": "bigint"},
}
_ENTRY = {
    **(_PLACE | _CELL),
    **{"entry": "bigint", "frozen": "varchar", "figure_before": "varchar", "figure_after": "varchar"},
    **{"cause": "varchar", "origin": "varchar", "syncs": "varchar", "evidence": "varchar", "recorded_at": "timestamp"},
}
_PLANNED = _CELL | {
    **{"origin": "varchar", "figure_before": "varchar", "figure_after": "varchar", "reason": "varchar"},
    **{"signed_by": "varchar", "recorded_at": "timestamp"},
}


def copy_periods(warehouse: Warehouse) -> None:
    """Bring the copies up to date; figures that are there already are not sent again."""
    ops = doors.ops_store()
    closes = OpsCloses(ops)
    events = closes.events()
    copies = [
        Copy("ops.period_events", _EVENTS, [_event(event) for event in events]),
        Copy(ENTRIES, _ENTRY, [_entry(entry) for entry in closes.entries()]),
        Copy("ops.restatements", _PLANNED, [_planned(row) for row in OpsPeriods(ops).restatements()]),
        *_figures(warehouse, closes, events),
    ]
    for copy in copies:
        warehouse.put(copy)


def _figures(warehouse: Warehouse, closes: OpsCloses, events: list[Event]) -> list[Copy]:
    """What the copy lacks, a version at a time; what the ops store does not know (it began anew) goes."""
    columns = _PLACE | _CELL | {"amount": "varchar"}
    known = set()
    if "closed_figures" in warehouse.relations("ops"):
        rows = warehouse.query(f"select month, version, count(*) from {FIGURES} group by 1, 2")
        known = {(str(month), int(version), int(count)) for month, version, count in rows}
    wanted = {(e.month, e.version, e.figures) for e in events if e.action == "closed"}
    copies = [Copy(FIGURES, columns, [], "false")]  # the table, where nothing was ever closed
    for month, version in sorted({key[:2] for key in known ^ wanted}):
        frozen = closes.frozen(month, version)
        signed = [(month, version, *cell, plain(amount)) for cell, amount in frozen.items()]
        copies.append(Copy(FIGURES, columns, signed, f"month = '{month}' and version = {version}"))
    return copies


def _event(event: Event) -> tuple[Any, ...]:
    head = (event.month, event.number, event.version, event.action, event.by, event.reason, naive_utc(event.at))
    return (*head, event.release_id, event.code, event.declarations, event.figures, event.checksum, event.changes)


def _entry(entry: Entry) -> tuple[Any, ...]:
    amounts = (plain(entry.frozen), plain(entry.before), plain(entry.after))
    why = (entry.cause, entry.origin, entry.syncs, entry.evidence, naive_utc(entry.at))
    return (entry.month, entry.version, *entry.cell, entry.entry, *amounts, *why)


def _planned(row: Restatement) -> tuple[Any, ...]:
    change = row.change
    cell = (change.mart, change.metric, change.channel, change.day)
    return (*cell, row.origin, plain(change.before), plain(change.after), row.reason, row.by, naive_utc(row.at))
