"""The published figures as one page reads them: sums by day and by channel, and ratios made of those sums.

Everything comes from the release that readers see, never from the warehouse, so that marketing and finance
look at one set of numbers. `agg_channel_daily` holds no personal value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tasks.adapters.release_reader import select
from tasks.window import Window

DAYS_SHOWN, WEEK = 14, 7
MART_NAME = "agg_channel_daily"
MART = f"{MART_NAME}.parquet"
MONEY = ("spend", "gross_sales", "discounts", "returns", "net_sales")
COUNTS = ("clicks", "sessions", "leads", "orders", "new_customers")

# Heading, and what it means in words; the order of the columns on the page.
COLUMNS = {
    "spend": ("Spend", "Ad spend of the platforms, converted at the rate of its day; on the ad account's own day."),
    "clicks": ("Clicks", "Clicks on ads that lead to the shop; on Meta Ads link clicks, never all clicks."),
    "sessions": ("Sessions", "Visits as GA4 exports them, one per visitor and session number."),
    "leads": ("Leads", "People in the CRM who became a lead for the first time on that day."),
    "orders": ("Orders", "Orders placed that day, cancelled ones included, test orders left out."),
    "new_customers": ("New customers", "Orders that are the first of their customer."),
    "gross_sales": ("Gross sales", "Goods ordered that day at their list price; without shipping and tax."),
    "discounts": ("Discounts", "Reductions on the goods ordered that day."),
    "returns": ("Returns", "Goods given back that day, whenever they were ordered; so net sales can be negative."),
    "net_sales": ("Net sales", "Gross sales less discounts less returns: the figure that finance signs."),
    "cac": ("Blended CAC", "Spend divided by new customers, both of the same row; empty without either."),
    "roas": ("Blended ROAS", "Net sales divided by spend, both of the same row; empty without spend."),
}


@dataclass(frozen=True)
class Line:
    """The sums of one day, one channel, or all of them; ratios are made of the sums, never averaged."""

    name: str
    sums: Mapping[str, Decimal]
    provisional: bool

    @property
    def cells(self) -> list[str]:
        """Every column of the page as text; `–` where there is nothing to divide."""
        return [self.shown(column) for column in COLUMNS]

    def shown(self, column: str) -> str:
        """One figure as text: cents for money, whole numbers for counts."""
        value = self._value(column)
        if value is None:
            return "–"
        return f"{value:,.0f}" if column in COUNTS else f"{value:,.2f}"

    def _value(self, column: str) -> Decimal | None:
        spend = self.sums["spend"]
        if column == "roas":
            return self.sums["net_sales"] / spend if spend else None
        if column == "cac":
            return spend / self.sums["new_customers"] if spend and self.sums["new_customers"] else None
        return self.sums[column]


@dataclass(frozen=True)
class Figures:
    """What the page shows; `days` newest first, `newest` and `week` by channel with the largest spend first."""

    currency: str
    days: Sequence[Line]
    newest: Sequence[Line]
    week: Sequence[Line]
    week_total: Line

    @property
    def day(self) -> Line:
        """The newest closed day, all channels together."""
        return self.days[0]


def figures(folder: Path, window: Window) -> Figures | None:
    """The figures of a release up to the end of its window; None where it has none.

    Days after the window are in the release, too, but were open when their sources were read.
    """
    last = window.days()[-1]
    rows = _rows(folder / MART, last - timedelta(days=DAYS_SHOWN - 1), last)
    if not rows:
        return None
    week = [row for row in rows if row["date"] > last - timedelta(days=WEEK)]
    days = sorted({row["date"] for row in rows}, reverse=True)
    return Figures(
        currency=str(rows[0]["reporting_currency"]),
        days=[_line(day.isoformat(), [row for row in rows if row["date"] == day]) for day in days],
        newest=_by_channel(row for row in rows if row["date"] == days[0]),
        week=_by_channel(week),
        week_total=_line("All channels", week),
    )


def _rows(parquet: Path, first: date, last: date) -> list[dict[str, Any]]:
    if not parquet.exists():
        return []
    columns = ", ".join(("date", "channel", "reporting_currency", "is_provisional", *MONEY, *COUNTS))
    return select(parquet, columns, "date between ? and ?", [first, last])


def _by_channel(rows: Iterable[Mapping[str, Any]]) -> list[Line]:
    kept = list(rows)
    lines = [_line(name, [r for r in kept if r["channel"] == name]) for name in sorted({r["channel"] for r in kept})]
    return sorted(lines, key=lambda line: (line.sums["spend"], line.sums["net_sales"]), reverse=True)


def _line(name: str, rows: Sequence[Mapping[str, Any]]) -> Line:
    sums = {column: sum((Decimal(row[column] or 0) for row in rows), Decimal(0)) for column in (*MONEY, *COUNTS)}
    return Line(name, sums, any(row["is_provisional"] for row in rows))
