"""Marts of two worlds side by side: to the row and to the cent, without what only says when something was loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

# When and by which sync something was learned differs, and what a row says of its own making; so does the number of
# a version.
_LOADED = ("extracted_at", "known_from", "known_to", "last_said_at", "sync_id", "version")
# A history of what was said differs as the days did; what holds now must not.
_NOW = {
    "fct_ad_spend_history": "known_to is null and not is_vanished",
    "fct_order_history": "known_to is null",
    "fct_refund_history": "known_to is null",
}
# Marts of how things became known: what they add up to must not differ. Keys, and what is added.
_ADDED_UP = {
    "fin_figures_daily": (
        ("source", "account_id", "date", "currency"),
        ("spend", "impressions", "clicks", "orders", "gross_sales", "discounts", "returns", "net_sales", "tax"),
    ),
    "fin_spend_bridge": (("period_type", "period_start", "source", "account_id", "currency"), ("amount",)),
    "fin_spend_bridge_rows": (("source", "account_id", "campaign_id", "date", "currency"), ("amount",)),
}
_ONLY = {"fin_spend_bridge": "kind in ('opening', 'step', 'residual')"}
_OF_RUNS = Path(__file__).parents[2] / "dbt" / "models" / "marts" / "operations"
_DAYS = ("date", "order_date", "session_date", "entered_date", "refund_date")


@dataclass(frozen=True)
class Difference:
    """Rows of one mart, source and day that only one of the two worlds has."""

    mart: str
    source: str
    day: str
    surplus: int
    missing: int
    example: str

    def __str__(self) -> str:
        place = " ".join(part for part in (self.mart, self.source, self.day) if part)
        return f"{place}: {self.surplus} rows too many, {self.missing} missing, for example {self.example}"


def marts(file: Path) -> list[str]:
    """The marts of a warehouse file, without those that are about runs and not about the business."""
    of_runs = {path.stem for path in _OF_RUNS.glob("*.sql")}
    with duckdb.connect(str(file), read_only=True) as db:
        found = db.execute("select table_name from information_schema.tables where table_schema = 'marts' order by 1")
        return [str(name) for (name,) in found.fetchall() if name not in of_runs]


def differences(with_faults: Path, without: Path, mart: str) -> list[Difference]:
    """What differs in one mart, by source and day."""
    with duckdb.connect() as db:
        for name, file in (("ours", with_faults), ("theirs", without)):
            db.execute(f"attach '{file}' as {name} (read_only)")
        columns = _columns(db, mart)
        ours, theirs = (_rows(f"{name}.marts", mart, columns) for name in ("ours", "theirs"))
        surplus = db.execute(f"({ours}) except all ({theirs})").fetchall()
        missing = db.execute(f"({theirs}) except all ({ours})").fetchall()
    return list(_grouped(mart, columns, surplus=surplus, missing=missing))


def _columns(db: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    if mart in _ADDED_UP:
        keys, sums = _ADDED_UP[mart]
        return [*keys, *sums]
    described = db.execute(f"describe ours.marts.{mart}").fetchall()
    return [str(row[0]) for row in described if row[0] not in _LOADED and not row[0].startswith("_")]


def _rows(schema: str, mart: str, columns: list[str]) -> str:
    """A query of what is compared; the names are those of the warehouse's own catalogue."""
    if mart not in _ADDED_UP:
        listed = ", ".join(f'"{column}"' for column in columns)
        return f"select {listed} from {schema}.{mart} where {_NOW.get(mart, 'true')}"  # noqa: S608
    keys, sums = _ADDED_UP[mart]
    added = ", ".join(f"sum(coalesce({name}, 0)) as {name}" for name in sums)
    some = " or ".join(f"sum({name}) <> 0" for name in sums)
    only = _ONLY.get(mart, "true")
    return (
        f"select {', '.join(keys)}, {added} from {schema}.{mart} where {only} group by {', '.join(keys)} having {some}"  # noqa: S608
    )


def _grouped(
    mart: str, columns: list[str], *, surplus: list[tuple[Any, ...]], missing: list[tuple[Any, ...]]
) -> Iterator[Difference]:
    def place(row: tuple[Any, ...]) -> tuple[str, str]:
        named = dict(zip(columns, row, strict=True))
        day = next((str(named[name]) for name in _DAYS if named.get(name)), "")
        return str(named.get("source", "")), day

    more, less = Counter(map(place, surplus)), Counter(map(place, missing))
    examples = {place(row): row for row in (*missing, *surplus)}
    for source, day in sorted(more.keys() | less.keys()):
        key = (source, day)
        named = dict(zip(columns, examples[key], strict=True))
        example = ", ".join(f"{name}={value}" for name, value in named.items() if value is not None)[:400]
        yield Difference(mart, source, day, more[key], less[key], example)
