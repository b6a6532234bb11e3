"""What there is to know about a month before it is closed: read once, judged by the checklist.

The release that readers see and the ops store are asked, never the warehouse: a look does not wait for a writer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from expectations.declare.errors import Misconfigured
from tasks import doors
from tasks.adapters.ops_closes import OpsCloses
from tasks.adapters.ops_plans import OPEN, OpsPlans, Plan
from tasks.adapters.ops_store import Incident
from tasks.adapters.release_reader import select
from tasks.backfill.figures import FIGURES
from tasks.periods.month import month_name
from tasks.publish.origins import caution
from tasks.publish.publish import held_notes, published, release_notes
from tasks.window import Window

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_PRICED = {"fct_ad_performance": "date", "fct_orders": "order_date", "fct_refunds": "refund_date"}


@dataclass(frozen=True)
class Unpriced:
    """Amounts of a currency in the month, the days of them without a rate."""

    currency: str
    days: tuple[date, ...]


@dataclass(frozen=True)
class Readings:
    """What there is to know about a month; None where it could not be read.

    `caution` says which signed marts are held in the release and still those of an earlier one; empty where none is.
    `accounts` have spend in the month; `invoiced` are those with an invoice, None where none was ever given.
    """

    window: Window
    release: str | None
    final_days: frozenset[date]
    held: str | None
    caution: str
    currencies: tuple[Unpriced, ...] | None
    accounts: tuple[tuple[str, str], ...]
    invoiced: frozenset[tuple[str, str]] | None
    incidents: tuple[Incident, ...]
    provisional: tuple[date, ...] | None
    plans: tuple[Plan, ...]


def readings(window: Window) -> Readings:
    """Read everything about the days of a month."""
    ops, folder, notes, held = doors.ops_store(), published(), release_notes(), held_notes()
    days = frozenset(window.days())
    finals = [row.window for row in ops.releases() if row.state == "final" and not row.held]
    invoiced = OpsCloses(ops).invoiced(month_name(window))
    return Readings(
        window=window,
        release=str(notes["id"]) if notes else None,
        final_days=frozenset(day for final in finals for day in final.days() if day in days),
        held=_held(held, window),
        caution=caution(notes, [spec.mart for spec in FIGURES]),
        currencies=_currencies(folder, window),
        accounts=_accounts(folder, window),
        invoiced=None if invoiced is None else frozenset(invoiced),
        incidents=tuple(i for i in ops.open_incidents() if concerns(i, window)),
        provisional=_provisional(folder, window),
        plans=tuple(plan for plan in OpsPlans(ops).all(OPEN) if _overlap(plan.window, window)),
    )


def concerns(incident: Incident, window: Window) -> bool:
    """Whether an incident is about a month: its window touches it, or its scope names the month or one of its days."""
    named = {date.fromisoformat(text) for text in _DAY.findall(incident.scope) if _is_day(text)}
    if named & set(window.days()) or month_name(window) in incident.scope:
        return True
    try:
        return not named and _overlap(Window.parse(incident.window_label.partition("T")[0]), window)
    except Misconfigured:
        return False


def _held(held: dict[str, Any] | None, window: Window) -> str | None:
    if held is None or not _overlap(Window.parse(str(held["window"]["label"]).partition("T")[0]), window):
        return None
    return " ".join(map(str, held["because"]))[:300]


def _currencies(folder: Path | None, window: Window) -> tuple[Unpriced, ...] | None:
    if not _published(folder, list(_PRICED)):
        return None
    assert folder
    found: dict[str, set[date]] = {}
    for mart, day in _PRICED.items():
        columns = f"coalesce(currency, '(none)') as currency, {day} as day, bool_or(fx_rate is null) as unpriced"
        for row in _of_days(folder / f"{mart}.parquet", columns, f"{day} between ? and ? group by 1, 2", window):
            found.setdefault(str(row["currency"]), set()).update([row["day"]] if row["unpriced"] else [])
    return tuple(Unpriced(currency, tuple(sorted(days))) for currency, days in sorted(found.items()))


def _accounts(folder: Path | None, window: Window) -> tuple[tuple[str, str], ...]:
    if not _published(folder, ["fct_ad_performance"]):
        return ()
    assert folder
    columns = "distinct source, coalesce(account_id, '') as account"
    rows = _of_days(folder / "fct_ad_performance.parquet", columns, "date between ? and ? and spend <> 0", window)
    return tuple(sorted((str(row["source"]), str(row["account"])) for row in rows))


def _provisional(folder: Path | None, window: Window) -> tuple[date, ...] | None:
    if not _published(folder, ["fct_sessions"]):
        return None
    assert folder
    where = "session_date between ? and ? and is_provisional"
    rows = _of_days(folder / "fct_sessions.parquet", "distinct session_date as day", where, window)
    return tuple(sorted(row["day"] for row in rows))


def _published(folder: Path | None, marts: Sequence[str]) -> bool:
    return folder is not None and all((folder / f"{mart}.parquet").exists() for mart in marts)


def _of_days(parquet: Path, columns: str, where: str, window: Window) -> list[dict[str, Any]]:
    days = window.days()
    return select(parquet, columns, where, [days[0], days[-1]])


def _overlap(one: Window, other: Window) -> bool:
    return one.start < other.end and other.start < one.end


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
