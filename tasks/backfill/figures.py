"""The figures of the marts that a person approves: per mart, metric, channel and day.

Each is a sum over rows that a mart's own day and channel place. Ratios are left out: they follow from the sums.
"""

# ruff: noqa: S608 - the names stand in this module

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from tasks.adapters.ops_plans import Change
from tasks.adapters.warehouse.base import Warehouse
from tasks.window import Window

Cell = tuple[str, str, str, str]  # mart, metric, channel, day
Cells = Mapping[Cell, Decimal]
NO_CHANNEL = "(none)"
COUNT = "count(*)"
KEPT = "replay.base_figures"


@dataclass(frozen=True)
class MartFigures:
    """How a mart is summed: its day, its channel, and an expression for each metric."""

    mart: str
    day: str
    metrics: Mapping[str, str]
    channel: str = "mart.channel"
    join: str = ""

    def query(self, *, days: Sequence[Window] = (), metrics: Collection[str] | None = None) -> str:
        """One row per metric, channel and day, zeros left out; of some days and metrics only, where they are given.

        The mart is read once for all of its metrics.
        """
        chosen = {name: amount for name, amount in sorted(self.metrics.items()) if metrics is None or name in metrics}
        spans = [f"{self.day} between date '{span.days()[0]}' and date '{span.days()[-1]}'" for span in days]
        when = f"({' or '.join(spans)})" if spans else f"{self.day} is not null"
        sums = ", ".join(f"cast({amount} as decimal(38, 6)) as {name}" for name, amount in chosen.items())
        listed = " union all ".join(f"select '{name}' as metric" for name in chosen)
        cases = " ".join(f"when '{name}' then sums.{name}" for name in chosen)
        amount = f"case names.metric {cases} end"
        return (
            f"select '{self.mart}' as mart, names.metric, sums.channel, cast(sums.day as varchar) as day,"
            f" {amount} as amount from (select coalesce({self.channel}, '{NO_CHANNEL}') as channel, {self.day} as day,"
            f" {sums} from marts.{self.mart} as mart {self.join} where {when} group by 1, 2) as sums"
            f" cross join ({listed}) as names where coalesce({amount}, 0) <> 0"
        )


_CAMPAIGN = (
    "left join marts.dim_campaign as campaign on mart.source = campaign.source"
    " and mart.account_id = campaign.account_id and mart.campaign_id = campaign.campaign_id"
)


def _sums(*names: str) -> dict[str, str]:
    return {name: f"sum(mart.{name})" for name in names}


FIGURES = (
    MartFigures(
        "agg_channel_daily",
        "mart.date",
        _sums(
            *("spend", "impressions", "clicks", "sessions", "leads", "orders", "new_customers"),
            *("gross_sales", "discounts", "returns", "net_sales"),
        ),
    ),
    MartFigures(
        "fct_ad_performance",
        "mart.date",
        _sums("spend", "spend_reporting", "impressions", "clicks", "platform_conversions", "platform_conversion_value"),
        "campaign.channel",
        _CAMPAIGN,
    ),
    MartFigures("fct_sessions", "mart.session_date", {"sessions": COUNT} | _sums("events", "page_views", "purchases")),
    MartFigures("fct_leads", "mart.entered_date", {"stages": COUNT}),
    MartFigures(
        "fct_orders",
        "mart.order_date",
        {"orders": COUNT} | _sums("gross_sales", "discounts", "returns", "net_sales", "tax", "shipping", "total"),
    ),
    MartFigures("fct_touchpoints", "mart.touched_on", {"touches": COUNT}),
    MartFigures("fct_conversions", "mart.converted_on", {"conversions": COUNT} | _sums("revenue_cents"), "mart.stage"),
    MartFigures(
        "fct_attribution", "mart.booked_on", _sums("credit", "revenue_cents"), "mart.model || ', ' || mart.channel"
    ),
    MartFigures(
        "fct_order_lines",
        "mart.order_date",
        {"lines": COUNT} | _sums("quantity", "gross_sales", "discounts", "tax", "net_sales"),
        f"'{NO_CHANNEL}'",
    ),
    MartFigures(
        "fct_refund_lines", "mart.refund_date", {"lines": COUNT} | _sums("quantity", "subtotal"), f"'{NO_CHANNEL}'"
    ),
    *(
        MartFigures(
            mart,
            "mart.booked_on",
            _sums("orders", "gross_sales", "discounts", "returns", "net_sales", "shipping", "tax", "total"),
            "mart.basis || ', ' || mart.channel",
        )
        for mart in ("fin_revenue_daily", "fin_revenue_accrual_daily")
    ),
    MartFigures("fct_refunds", "mart.refund_date", {"refunds": COUNT} | _sums("subtotal", "amount")),
    MartFigures("agg_new_customers", "mart.day", _sums("customers"), "mart.definition"),
)


def figures(warehouse: Warehouse) -> dict[Cell, Decimal]:
    """Every figure of every day but zeros; a mart that is not built has none."""
    return _read(warehouse, _everything(warehouse))


def keep(warehouse: Warehouse) -> None:
    """Remember the figures of now in the warehouse itself, as what a plan starts from."""
    warehouse.execute(f"create schema if not exists {KEPT.split('.', maxsplit=1)[0]}")
    warehouse.execute(f"create or replace table {KEPT} as {_everything(warehouse)}")


def forget(warehouse: Warehouse) -> None:
    """Drop what was kept."""
    warehouse.execute(f"drop table if exists {KEPT}")


def kept(warehouse: Warehouse) -> dict[Cell, Decimal] | None:
    """The figures that were kept; None where none were."""
    schema, table = KEPT.split(".")
    if table not in warehouse.relations(schema):
        return None
    return _read(warehouse, f"select * from {KEPT}")


def _everything(warehouse: Warehouse) -> str:
    return statement(warehouse.relations("marts"))


def measured(present: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """The figures that these marts have: the metrics of each."""
    here = set(present)
    return {spec.mart: tuple(sorted(spec.metrics)) for spec in FIGURES if spec.mart in here}


def statement(
    present: Iterable[str], *, days: Sequence[Window] = (), metrics: Mapping[str, Collection[str]] | None = None
) -> str:
    """The query for the figures of the marts that are present: mart, metric, channel, day, amount.

    With `days` and `metrics` (per mart) only those. Marts are looked for in the schema `marts`.
    """
    here = set(present)
    wanted = {spec.mart: spec.metrics.keys() if metrics is None else metrics.get(spec.mart, ()) for spec in FIGURES}
    chosen = [spec for spec in FIGURES if spec.mart in here and set(wanted[spec.mart]) & set(spec.metrics)]
    parts = [spec.query(days=days, metrics=wanted[spec.mart]) for spec in chosen]
    nothing = (
        "select '' as mart, '' as metric, '' as channel, '' as day, cast(0 as decimal(38, 6)) as amount where false"
    )
    return " union all ".join(parts) or nothing


def _read(warehouse: Warehouse, query: str) -> dict[Cell, Decimal]:
    rows = warehouse.query(query)
    return {(str(m), str(n), str(channel), str(day)[:10]): Decimal(value) for m, n, channel, day, value in rows}


def within(cells: Cells, days: Iterable[str]) -> dict[Cell, Decimal]:
    """The figures of some days."""
    chosen = set(days)
    return {cell: value for cell, value in cells.items() if cell[3] in chosen}


def fingerprint(cells: Cells) -> str:
    """A hash that is equal for equal figures."""
    lines = "\n".join(f"{'|'.join(cell)}|{value.normalize():f}" for cell, value in sorted(cells.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def difference(before: Cells, after: Cells) -> tuple[Change, ...]:
    """Every figure that is not the same, by mart, metric, day and channel."""
    nothing = Decimal(0)
    cells = sorted({*before, *after}, key=lambda cell: (cell[0], cell[1], cell[3], cell[2]))
    pairs = [(cell, before.get(cell, nothing), after.get(cell, nothing)) for cell in cells]
    return tuple(Change(*cell, before=old, after=new) for cell, old, new in pairs if old != new)


def days_of(window: Window) -> list[str]:
    """The days of a window as cells spell them."""
    return [str(day) for day in window.days()]
