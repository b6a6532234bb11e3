"""Marts of two worlds side by side: to the row and to the cent, without what only says when something was loaded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

_LOADED = ("extracted_at", "_load_seq", "loaded_at", "_loaded_at", "_sync_id")
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
    """The marts of a warehouse file."""
    with duckdb.connect(str(file), read_only=True) as db:
        found = db.execute("select table_name from information_schema.tables where table_schema = 'marts' order by 1")
        return [str(name) for (name,) in found.fetchall()]


def differences(with_faults: Path, without: Path, mart: str) -> list[Difference]:
    """What differs in one mart, by source and day."""
    with duckdb.connect() as db:
        for name, file in (("ours", with_faults), ("theirs", without)):
            db.execute(f"attach '{file}' as {name} (read_only)")
        columns = _columns(db, mart)
        ours, theirs = (f"select {_listed(columns)} from {name}.marts.{mart}" for name in ("ours", "theirs"))  # noqa: S608 - names of this module
        surplus = db.execute(f"({ours}) except all ({theirs})").fetchall()
        missing = db.execute(f"({theirs}) except all ({ours})").fetchall()
    return list(_grouped(mart, columns, surplus=surplus, missing=missing))


def _columns(db: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    described = db.execute(f"describe ours.marts.{mart}").fetchall()
    return [str(row[0]) for row in described if row[0] not in _LOADED]


def _listed(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


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
