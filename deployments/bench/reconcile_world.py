"""Generated account-days, and faults with known amounts: what the waterfall must give back.

A record is what one thing looks like at each checkpoint. A fault changes fields of a record that no other fault
changes, or brings records of its own, so faults may hit the same record and the order of applying them cannot matter.
What each must cost is reckoned here with plain decimals, from the fault alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from expectations.judge.reconcile.buckets import STAGES
from expectations.judge.reconcile.rows import SCHEMA
from expectations.judge.reconcile.waterfall import Figure

FIRST = date(2026, 1, 1)
ACCOUNTS = (("meta", "act_12", "spend"), ("google_ads", "402-118-7", "spend"), ("meta", "act_12", "conversions"),
            ("shopify", "eu-store", "sales"))  # fmt: skip
RECORDS = 8
_MICRO, _CENT = Decimal("0.000001"), Decimal("0.01")

Row = dict[str, object]


@dataclass
class Record:
    """One thing at every checkpoint; a fault sets what it changes."""

    figure: Figure
    key: str
    native: Decimal
    stages: tuple[str, ...] = STAGES
    kind: str | None = None
    flag: str | None = None
    page: str = "1"
    late_hours: int = 0
    unfinished: bool = False
    now: Decimal = Decimal(0)  # what the source says more since we read it
    behind: Decimal = Decimal(0)  # what the mart says less, because it was built before
    old: Decimal = Decimal(0)  # what the release says less
    window: Decimal | None = None  # counted by another window in the mart
    copies: int = 0
    loaded_twice: int = 0
    older: Decimal | None = None
    shift: int = 0
    reported_later: int = 0
    rate: Decimal = Decimal(1)
    rounded: bool = False
    wrong: dict[str, Decimal] = field(default_factory=dict)  # by stage: an amount that nothing explains

    @property
    def figure_after(self) -> Figure:
        """The figure under which the mart books it."""
        f = self.figure
        return Figure(f.source, f.account, f.date + timedelta(self.shift + self.reported_later), f.currency, f.metric)

    @property
    def converted(self) -> Decimal:
        """Millionths, half up."""
        return (self.native * self.rate).quantize(_MICRO, ROUND_HALF_UP)

    @property
    def cents(self) -> Decimal:
        """To the cent, half up."""
        return self.converted.quantize(_CENT, ROUND_HALF_UP)


def days(count: int, seed: int) -> list[Record]:
    """Eight records of each account's figure on each of `count` days; amounts with six places that no cent rounds."""
    rng = random.Random(seed)
    return [
        Record(Figure(source, account, FIRST + timedelta(n), "USD", metric), f"{metric}-{n}-{i}", money(rng))
        for n in range(count)
        for source, account, metric in ACCOUNTS
        for i in range(RECORDS)
    ]


def money(rng: random.Random) -> Decimal:
    """An amount that is no whole number of cents."""
    return Decimal(rng.randrange(1_000, 900_000) * 10_000 + rng.randrange(1, 10_000)).scaleb(-6)


def rows(records: Iterable[Record]) -> dict[str, list[Row]]:
    """The rows of every checkpoint."""
    found: dict[str, list[Row]] = {stage: [] for stage in STAGES}
    for record in records:
        for stage in record.stages:
            found[stage] += _seen(record, stage)
    return {stage: [{name: row.get(name) for name in SCHEMA} for row in some] for stage, some in found.items()}


def _seen(record: Record, stage: str) -> list[Row]:
    row = _row(record, stage)
    many = 1 + (record.copies if stage in ("source", "landed", "raw") else 0)
    many += record.loaded_twice if stage == "raw" else 0
    found = [row | {"raw_id": f"{record.key}/{n}"} for n in range(many)]
    if record.older is not None and stage in ("landed", "raw"):
        said = _read(record) - timedelta(hours=3)
        found.append(row | {"native": record.older, "amount": record.older, "said_at": said, "raw_id": "earlier"})
    return found


def _read(record: Record) -> datetime:
    return datetime.combine(record.figure.date + timedelta(1), datetime.min.time(), UTC) + timedelta(
        hours=5, minutes=40
    )


def _row(record: Record, stage: str) -> Row:
    after = stage in ("mart", "published")
    figure = record.figure_after if after else record.figure
    read = _read(record)
    midnight = read - timedelta(hours=5, minutes=40)
    native = record.native
    if stage == "source":
        native += record.now
    if after and record.window is not None:
        native = record.window
    native -= record.behind if after else 0
    native -= record.old if stage == "published" else 0
    amount = (native * (record.rate if after else 1)).quantize(_MICRO, ROUND_HALF_UP)
    amount = amount.quantize(_CENT, ROUND_HALF_UP) if after and record.rounded else amount
    occurred = midnight - timedelta(hours=2)
    wrong = record.wrong.get(stage, Decimal(0))
    return {
        "source": figure.source, "account": figure.account, "date": figure.date, "currency": figure.currency,
        "metric": figure.metric, "key": record.key, "raw_id": record.key, "native": native + wrong,
        "amount": amount + wrong, "rate": record.rate if after else Decimal(1), "kind": record.kind,
        "flag": record.flag, "page": record.page,
        "said_at": read + timedelta(hours=20 if stage == "source" else 0) - timedelta(hours=4 * _is_old(record, stage)),
        "available_at": read + timedelta(hours=record.late_hours) if record.late_hours else midnight,
        "day_ends_at": read + timedelta(minutes=30) if record.unfinished else midnight,
        "occurred_at": occurred, "zone": "Asia/Tokyo" if after and record.shift else "UTC",
        "window": "28d_click" if after and record.window is not None else "7d_click",
        "report_time": "conversion" if after and record.reported_later else "click",
    }  # fmt: skip


def _is_old(record: Record, stage: str) -> int:
    built_before = stage in ("mart", "published") and bool(record.behind)
    return built_before + (stage == "published" and bool(record.old))
