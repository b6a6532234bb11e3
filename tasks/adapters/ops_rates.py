"""Rates of exchange as finance gave them: every one ever given, so that a figure of a signed month can be explained.

A rate is never overwritten: a correction for the same currency and date is a further row, and the latest given counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import sqlalchemy as sa

from tasks.adapters.ops_store import OpsStore, now
from tasks.adapters.ops_tables import METADATA, UtcTime

RATES = sa.Table(
    "fx_rates",
    METADATA,
    sa.Column("currency", sa.String, primary_key=True),
    sa.Column("rate_date", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    # Text, because SQLite keeps no decimals; nine decimals, so that equal rates are equal texts.
    sa.Column("rate", sa.String, nullable=False),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("given_by", sa.String, nullable=False),
    sa.Column("given_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Rate:
    """What one unit of a currency is worth in the reporting currency from a date on."""

    currency: str
    rate_date: date
    rate: Decimal

    @property
    def key(self) -> tuple[str, date]:
        """What makes it the same rate when it is given again."""
        return self.currency, self.rate_date


@dataclass(frozen=True)
class GivenRate:
    """A rate as it stands: its latest version, and who gave it."""

    rate: Rate
    version: int
    given_by: str


class OpsRates:
    """The rates of one ops store."""

    def __init__(self, ops: OpsStore) -> None:
        self._engine = ops.engine
        METADATA.create_all(self._engine, tables=[RATES])

    def latest(self) -> list[GivenRate]:
        """The latest version of every rate, by currency and date."""
        query = sa.select(RATES).order_by(RATES.c.version)
        with self._engine.connect() as db:
            newest = {(row["currency"], row["rate_date"]): row for row in db.execute(query).mappings()}
        found = [
            GivenRate(
                Rate(row["currency"], date.fromisoformat(row["rate_date"]), Decimal(row["rate"])),
                int(row["version"]),
                str(row["given_by"]),
            )
            for row in newest.values()
        ]
        return sorted(found, key=lambda given: given.rate.key)

    def add(self, rates: Sequence[tuple[Rate, int]], *, reason: str, by: str) -> None:
        """Write these versions, all or none; a version that is there already is refused by the store."""
        signed = {"reason": reason, "given_by": by, "given_at": now()}
        rows = [
            {"currency": one.currency, "rate_date": str(one.rate_date), "rate": f"{one.rate:.9f}", "version": version}
            for one, version in rates
        ]
        if rows:
            with self._engine.begin() as db:
                db.execute(RATES.insert(), [row | signed for row in rows])
