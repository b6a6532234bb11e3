"""What a sync changed in days that were closed: within the look-back a figure to show, beyond it a warning.

Every platform restates. What it declares (`restates`) is expected and becomes history; a change of an older day is
something that nobody waits for any more: a closed month may have been reported with the old figure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from expectations.judge.measurement import Measurement, Measurements
from expectations.judge.rules import Subject
from expectations.judge.verdict import Finding

BEYOND, WITHIN = "restated_beyond", "restated_within"
_AMOUNTS = ("spend",)  # figures with a unit; everything else is counted
_DAYS_SHOWN = 3


def restatement(m: Measurements, about: Subject, *, look_back: int) -> list[Finding]:
    """One finding per account whose days older than `look_back` days before the window changed; none fails."""
    changed: dict[str, list[Measurement]] = defaultdict(list)
    for row in m.rows:
        if row.metric == BEYOND and row.role == "now" and row.day:
            changed[row.account].append(row)
    found = [_beyond(account, rows, about, look_back) for account, rows in sorted(changed.items())]
    return found or [about.passed(_within(m, about, look_back), _total(m, about), "no older day changed")]


def _beyond(account: str, rows: Sequence[Measurement], about: Subject, look_back: int) -> Finding:
    days = sorted({row.day for row in rows if row.day})
    told = [f"{day:%Y-%m-%d}: {_changes([r for r in rows if r.day == day], about)}" for day in days[:_DAYS_SHOWN]]
    more = f"; and {len(days) - _DAYS_SHOWN} more days" if len(days) > _DAYS_SHOWN else ""
    whose = f" of account {account}" if account else ""
    many = "a day" if len(days) == 1 else f"{len(days)} days"
    sync = next((f"sync {row.sync_id}" for row in rows if row.sync_id), "the newest sync")
    sentence = (
        f"{about.name}: {sync} changed {many}{whose} beyond the declared look-back of {look_back} days. "
        f"{'; '.join(told)}{more}.{about.note}"
    )
    net = _net(rows, about)
    return Finding(f"{about.stream} {account}".strip(), "warned", "warning", sentence, net, "no change so far back")


def _changes(rows: Sequence[Measurement], about: Subject) -> str:
    return ", ".join(
        f"{row.field} {_shown(row.field, before, about)} before, {_shown(row.field, row.value, about)} now "
        f"({_signed(row.field, row.value - before, about)})"
        for row in rows
        for before in (row.baseline or Decimal(0),)
    )


def _net(rows: Sequence[Measurement], about: Subject) -> str:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        sums[row.field] += row.value - (row.baseline or Decimal(0))
    return ", ".join(f"{field} {_signed(field, value, about)}" for field, value in sums.items())


def _within(m: Measurements, about: Subject, look_back: int) -> str:
    if not _restated(m):
        return f"no closed day changed (look-back {look_back} days)."
    return f"restated within its look-back of {look_back} days, as declared: {_total(m, about)}."


def _total(m: Measurements, about: Subject) -> str:
    sums: dict[str, list[Measurement]] = defaultdict(list)
    for row in _restated(m):
        sums[row.field].append(row)
    return ", ".join(
        f"{field} {_shown(field, sum((r.value for r in rows), Decimal(0)), about)} "
        f"in {sum(r.baseline_n or 0 for r in rows)} account-days"
        for field, rows in sums.items()
    )


def _restated(m: Measurements) -> list[Measurement]:
    return [row for row in m.rows if row.metric == WITHIN and row.role == "now"]


def _shown(field: str, value: Decimal, about: Subject) -> str:
    return about.amount(value) if field in _AMOUNTS else f"{value.normalize():,f}"


def _signed(field: str, value: Decimal, about: Subject) -> str:
    return ("-" if value < 0 else "+") + _shown(field, abs(value), about)
