"""Close a month: look, sign, freeze what readers see; open it again with a reason, and keep both.

The frozen figures come from the release that readers see, not from the workshop: what is signed is what was published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from prefect import task

from expectations.declare.errors import Misconfigured, NotReconciled
from tasks import doors
from tasks.adapters.ops_closes import Cell, Entry, Event, Mark, OpsCloses
from tasks.adapters.ops_store import now
from tasks.adapters.release_reader import ask, marts_of
from tasks.backfill.figures import fingerprint, measured, statement
from tasks.outcomes import recorded
from tasks.periods.checklist import Item, checklist, missing
from tasks.periods.definitions import definitions
from tasks.periods.facts import rates
from tasks.periods.month import in_words, month_name, over, signers
from tasks.periods.readings import readings
from tasks.publish.publish import published, release_notes
from tasks.window import Window


@dataclass(frozen=True)
class Closed:
    """A closed month, and the checklist that allowed it; `reused` where it was closed before and nothing changed."""

    window: Window
    event: Event
    items: tuple[Item, ...]
    reused: bool = False


@dataclass(frozen=True)
class Reopened:
    """A month that is open again."""

    window: Window
    event: Event


@task(task_run_name="close period {month}")
@recorded
def close(month: str, by: str, *, note: str = "", require_invoices: bool = False) -> Closed:
    """Freeze the published figures of a month, signed by finance and marketing.

    Raises `Misconfigured` for a month that is not over and for missing names, `NotReconciled` with every open item of
    the checklist. A month that is closed stays as it is: open it first.
    """
    window, names = over(month), signers(by)
    closes, month = OpsCloses(doors.ops_store()), month_name(window)
    last = closes.last(month)
    if last and last.action == "closed":
        return Closed(window, last, (), reused=True)
    items = checked(window, require_invoices=require_invoices)
    folder, notes = published(), release_notes()
    assert folder  # the checklist needs a release
    assert notes
    cells, metrics = _figures(folder, window)
    mark = _mark(folder, window, notes)
    version = (last.version if last else 0) + 1
    evidence = _evidence(items, notes, metrics, window) | {"signers": [asdict(signer) for signer in names]}
    event = Event(
        month=month,
        number=(last.number if last else 0) + 1,
        version=version,
        action="closed",
        by=in_words(names),
        reason=note,
        at=now(),
        release_id=str(notes["id"]),
        code=mark.code,
        declarations=mark.declarations,
        figures=len(cells),
        checksum=fingerprint(cells),
        evidence=evidence,
    )
    closes.freeze(event, cells, replace(mark, version=version), _since_the_last(closes, event, cells, metrics))
    return Closed(window, event, items)


@task(task_run_name="reopen period {month}")
@recorded
def reopen(month: str, reason: str, by: str) -> Reopened:
    """Open a closed month again; its figures and everything found out about them stay."""
    window = over(month)
    if not reason.strip() or not by.strip():
        what = "a reason" if not reason.strip() else "a name"
        raise Misconfigured(f"{what} is missing", do="Write --reason 'why' --by 'who'; both are kept for good")
    closes, month = OpsCloses(doors.ops_store()), month_name(window)
    last = closing(month)
    newest = closes.last(month)
    assert newest
    if newest.action == "reopened":
        raise Misconfigured(
            f"{month} is open since {newest.at:%Y-%m-%d %H:%M} UTC ({newest.by}: {newest.reason})",
            do=f'Close it again: plumbline period close {month} --by "..."',
        )
    changes = len(closes.entries(month, last.version))
    event = Event(
        month, newest.number + 1, last.version, "reopened", by.strip(), reason.strip(), now(), changes=changes
    )
    closes.reopen(event)
    return Reopened(window, event)


def checked(window: Window, *, require_invoices: bool) -> tuple[Item, ...]:
    """The checklist, where it allows to close; `NotReconciled` names everything that is missing and its repair."""
    items = checklist(readings(window), require_invoices=require_invoices)
    if found := missing(items):
        raise NotReconciled(
            f"{month_name(window)} cannot be closed: {' '.join(item.sentence for item in found)}",
            do="To mend it: " + " | ".join(f"{item.name}: {item.do}" for item in found),
        )
    return items


def closing(month: str, version: int = 0) -> Event:
    """The closing of a version (0: the newest); `Misconfigured` names the months that were closed."""
    closes = OpsCloses(doors.ops_store())
    found = closes.closing(month, version)
    if found is None:
        known = sorted({f"{e.month} version {e.version}" for e in closes.events() if e.action == "closed"})
        what = f"version {version} of {month}" if version else month
        raise Misconfigured(f"{what} was never closed", do=f"Closed were: {', '.join(known) or 'no month yet'}")
    return found


def _figures(folder: Path, window: Window) -> tuple[dict[Cell, Decimal], dict[str, tuple[str, ...]]]:
    present = marts_of(folder)
    rows = ask(folder, statement(present, days=[window]))
    cells = {(str(mart), str(name), str(channel), str(day)[:10]): amount for mart, name, channel, day, amount in rows}
    return cells, measured(present)


def _mark(folder: Path, window: Window, notes: Mapping[str, Any]) -> Mark:
    return Mark(
        month=month_name(window),
        version=0,
        load_seq=int(notes.get("load_seq", 0)),
        code=str(notes["commit"]),
        declarations=str(notes["declarations"]),
        rates=rates(lambda query: ask(folder, query), marts_of(folder), window),
        at=now(),
    )


def _evidence(
    items: tuple[Item, ...], notes: Mapping[str, Any], metrics: Mapping[str, tuple[str, ...]], window: Window
) -> dict[str, Any]:
    days = set(window.days())
    finals = [row for row in doors.ops_store().releases() if row.state == "final" and not row.held]
    return {
        "checklist": [asdict(item) for item in items],
        "published_at": str(notes["published_at"]),
        "releases": [row.id for row in finals if days & set(row.window.days())],
        "metrics": {mart: list(names) for mart, names in metrics.items()},
        "definitions": definitions(metrics),
    }


def _since_the_last(
    closes: OpsCloses, event: Event, cells: Mapping[Cell, Decimal], metrics: Mapping[str, tuple[str, ...]]
) -> list[Entry]:
    """What changed between the version before and this one, as the last entries of the former."""
    before = event.version - 1
    if not before:
        return []
    frozen, known, counts = closes.frozen(event.month, before), {}, {}
    known.update(frozen)
    for entry in closes.entries(event.month, before):
        known[entry.cell], counts[entry.cell] = entry.after, entry.entry
    nothing = Decimal(0)
    return [
        Entry(
            event.month, before, *cell, counts.get(cell, 0) + 1, frozen.get(cell, nothing), known.get(cell, nothing),
            cells.get(cell, nothing), "reopened", f"version {event.version}", "",
            f"Closed again by {event.by}", event.at,
        )
        for cell in sorted({*known, *cells})
        if cell[1] in metrics.get(cell[0], ()) and known.get(cell, nothing) != cells.get(cell, nothing)
    ]  # fmt: skip
