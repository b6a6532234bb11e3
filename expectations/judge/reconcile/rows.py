"""The rows of a checkpoint as one typed frame: what is summed, and the evidence that each row carries.

Amounts are whole millionths of the currency unit inside (128-bit integers): exact, and fast to sum. Nothing is a float.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

import polars as pl

FIGURE = ("source", "account", "date", "currency", "metric")
MICROS = 1_000_000
CENT = MICROS // 100

_TIME = pl.Datetime("us", "UTC")
_MONEY = pl.Decimal(38, 6)
# `amount` is what counts at this checkpoint; `native` and `rate` say what it was converted from, where it was.
SCHEMA: Mapping[str, pl.DataType | type[pl.DataType]] = MappingProxyType({
    "source": pl.String, "account": pl.String, "date": pl.Date, "currency": pl.String, "metric": pl.String,
    "key": pl.String,  # one record of the source: a campaign's day, an order's line, a refund
    "raw_id": pl.String,  # one delivery of it
    "said_at": _TIME,  # when the source stated it so
    "amount": _MONEY, "native": _MONEY, "rate": _MONEY,
    "kind": pl.String,  # refund, tax, shipping, tip, discount, credit; null: the thing itself
    "flag": pl.String,  # why it may be out of scope; a name of buckets.FLAGS
    "page": pl.String,  # the page of the source's answer that had it
    "available_at": _TIME,  # since when the source can know it
    "day_ends_at": _TIME,  # midnight of the account
    "occurred_at": _TIME, "zone": pl.String,  # what `date` was computed from
    "window": pl.String, "report_time": pl.String,  # how a conversion was counted
})  # fmt: skip
REQUIRED = (*FIGURE, "key", "amount")


def typed(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with every column of SCHEMA (absent ones null), `amount`, `native` and `rate` as whole millionths.

    Raises ValueError naming the columns that are missing, or an amount that is null.
    """
    missing = [name for name in REQUIRED if name not in rows.columns]
    if missing:
        raise ValueError(f"rows of a checkpoint need the columns {', '.join(missing)}")
    if any(rows[name].null_count() for name in REQUIRED):
        raise ValueError(f"rows of a checkpoint need a value in each of {', '.join(REQUIRED)}")
    known = [pl.col(n).cast(t) if n in rows.columns else pl.lit(None, t).alias(n) for n, t in SCHEMA.items()]
    native = pl.coalesce("native", "amount")
    return rows.select(known).with_columns(
        _micros(pl.col("amount")).alias("amount"),
        _micros(native).alias("native"),
        _micros(pl.col("rate")).fill_null(MICROS).alias("rate"),
    )


def _micros(value: pl.Expr) -> pl.Expr:
    return (value * MICROS).cast(pl.Int128)


def amount(micros: int) -> Decimal:
    """Millionths as an amount."""
    return Decimal(micros).scaleb(-6)


def local_day(zone: str, at: str, zones: list[str]) -> pl.Expr:
    """The calendar day of column `at` in the zone that column `zone` names; null where either is unknown."""
    day = pl.lit(None, pl.Date)
    for name in zones:
        there = pl.col(at).dt.convert_time_zone(name).dt.date()
        day = pl.when(pl.col(zone) == name).then(there).otherwise(day)
    return day
