"""What finance gives in files: every version of every record, with who gave it and why it changed.

A record is never overwritten: a correction is a further version, so that a month that was signed can be explained.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar

import sqlalchemy as sa

from tasks.adapters.ops_rows import rows
from tasks.adapters.ops_store import OpsStore, now
from tasks.adapters.ops_tables import METADATA, UtcTime


class Record(Protocol):
    """What one line of a file says; equal records say the same."""

    @property
    def key(self) -> tuple[Any, ...]:
        """What makes it the same record when it is given again."""

    @property
    def title(self) -> str:
        """What people call it, in the middle of a sentence."""


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Given(Generic[R]):
    """A record as it stands: its latest version, and how it came."""

    record: R
    version: int
    reason: str
    given_by: str
    given_at: datetime


def given_table(name: str, *, key: Sequence[str], says: Sequence[str]) -> sa.Table:
    """A table of versions. Everything is text, amounts too, because SQLite keeps no decimals."""
    return sa.Table(
        name,
        METADATA,
        *(sa.Column(column, sa.String, primary_key=True) for column in key),
        sa.Column("version", sa.Integer, primary_key=True),
        *(sa.Column(column, sa.String, nullable=False) for column in says),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("given_by", sa.String, nullable=False),
        sa.Column("given_at", UtcTime, nullable=False),
    )


class OpsGiven(Generic[R]):
    """The records of one table; `written` and `read` are the way of a record to its columns and back."""

    def __init__(
        self,
        ops: OpsStore,
        table: sa.Table,
        *,
        written: Callable[[R], dict[str, str]],
        read: Callable[[Mapping[str, Any]], R],
    ) -> None:
        self._engine, self._table = ops.engine, table
        self._written, self._read = written, read
        METADATA.create_all(self._engine, tables=[table])

    def latest(self) -> list[Given[R]]:
        """The latest version of every record, by key."""
        query = sa.select(self._table).order_by(self._table.c.version)
        newest = {given.record.key: given for given in map(self._given, rows(self._engine, query))}
        return [newest[key] for key in sorted(newest)]

    def add(self, versions: Sequence[tuple[R, int]], *, reason: str, by: str) -> None:
        """Write these versions, all or none; a version that is there already is refused by the store."""
        signed = {"reason": reason, "given_by": by, "given_at": now()}
        new = [self._written(record) | signed | {"version": version} for record, version in versions]
        if new:
            with self._engine.begin() as db:
                db.execute(self._table.insert(), new)

    def _given(self, row: Mapping[str, Any]) -> Given[R]:
        signed = (int(row["version"]), str(row["reason"]), str(row["given_by"]), row["given_at"])
        return Given(self._read(row), *signed)
