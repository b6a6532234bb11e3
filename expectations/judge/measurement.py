"""Rows of `quality.measurements` as the checks read them: of the judged window (`now`), of earlier ones (`before`)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Literal

BY_CAMPAIGN = "campaign_"  # begins the metrics that are split by campaign; their field is the campaign
COVERED = "covered"  # begins the metrics of a stream's totals in the frame of every other stream of the source
COLUMNS = ("role", "metric", "account", "day", "field", "value", "baseline", "baseline_n", "sync_id")


@dataclass(frozen=True)
class Measurement:
    """One number about a table, a window and a scope; never a value of a record."""

    metric: str
    value: Decimal
    account: str = ""
    day: date | None = None
    field: str = ""
    baseline: Decimal | None = None
    baseline_n: int | None = None
    sync_id: int | None = None
    role: Literal["now", "before"] = "now"

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Measurement:
        """From a record of a data frame, whose empty cells may be None, NaN or NaT."""
        cell = {name: None if _empty(row.get(name)) else row.get(name) for name in COLUMNS}
        return cls(
            metric=str(cell["metric"]),
            value=_decimal(cell["value"] or 0),
            account=str(cell["account"] or ""),
            day=_day(cell["day"]),
            field=str(cell["field"] or ""),
            baseline=None if cell["baseline"] is None else _decimal(cell["baseline"]),
            baseline_n=None if cell["baseline_n"] is None else int(cell["baseline_n"]),
            sync_id=None if cell["sync_id"] is None else int(cell["sync_id"]),
            role="before" if cell["role"] == "before" else "now",
        )


@dataclass(frozen=True)
class Measurements:
    """All rows about one stream and window, with the few questions that checks ask of them."""

    rows: tuple[Measurement, ...]

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, Any]]) -> Measurements:
        """From records of a data frame."""
        return cls(tuple(Measurement.of(row) for row in rows))

    def number(self, metric: str, role: str = "now") -> int:
        """The sum of a metric that counts; 0 where it was not measured."""
        return int(sum(r.value for r in self.rows if r.metric == metric and r.role == role))

    def measured(self, metric: str) -> bool:
        """Whether the metric was measured in this window."""
        return any(r.metric == metric and r.role == "now" for r in self.rows)

    def by_field(self, metric: str, role: str = "now") -> dict[str, Measurement]:
        """The rows of a metric by field."""
        return {r.field: r for r in self.rows if r.metric == metric and r.role == role}

    def by_account_day(self, metric: str, role: str = "now") -> dict[tuple[str, date], Decimal]:
        """The values of a metric by account and day, in order."""
        found = {(r.account, r.day): r.value for r in self.rows if r.metric == metric and r.role == role and r.day}
        return dict(sorted(found.items()))

    def series(self, metric: str) -> dict[str, dict[date, Decimal]]:
        """Per account the values by day, of the window and of the days before it."""
        found: dict[str, dict[date, Decimal]] = defaultdict(dict)
        for role in ("before", "now"):
            for (account, day), value in self.by_account_day(metric, role).items():
                found[account][day] = value
        return dict(found)


def _empty(value: object) -> bool:
    # NaN and NaT differ from themselves; pandas' NA answers no question at all.
    return value is None or type(value).__name__ == "NAType" or value != value  # noqa: PLR0124


def _decimal(value: object) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(str(value))


def _day(value: object) -> date | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        return value.date()
    return value if isinstance(value, date) else date.fromisoformat(str(value)[:10])
