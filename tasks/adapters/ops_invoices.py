"""What ad platforms invoiced, as finance gave it: every version of every invoice, with who gave it and why it changed.

An invoice is never overwritten: a correction is a further version, so that a month that was signed can be explained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from tasks.adapters.ops_store import OpsStore, now
from tasks.adapters.ops_tables import METADATA, UtcTime

_KEY = ("source", "account_id", "invoice_id")
_MONEY = ("media_amount", "credits", "tax", "total")
INVOICES = sa.Table(
    "invoices",
    METADATA,
    *(sa.Column(name, sa.String, primary_key=True) for name in _KEY),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("month", sa.String, nullable=False),
    sa.Column("currency", sa.String, nullable=False),
    # Text, because SQLite keeps no decimals; six decimals, so that equal amounts are equal texts.
    *(sa.Column(name, sa.String, nullable=False) for name in _MONEY),
    sa.Column("reason", sa.String, nullable=False),
    sa.Column("given_by", sa.String, nullable=False),
    sa.Column("given_at", UtcTime, nullable=False),
)


@dataclass(frozen=True)
class Invoice:
    """One invoice of one account and month; amounts in `currency`, credits negative or zero."""

    source: str
    account_id: str
    month: str
    invoice_id: str
    currency: str
    media_amount: Decimal
    credits: Decimal
    tax: Decimal
    total: Decimal

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same invoice when it is given again."""
        return self.source, self.account_id, self.invoice_id


@dataclass(frozen=True)
class GivenInvoice:
    """An invoice as it stands: its latest version, and how it came."""

    invoice: Invoice
    version: int
    reason: str
    given_by: str
    given_at: datetime


class OpsInvoices:
    """The invoices of one ops store."""

    def __init__(self, ops: OpsStore) -> None:
        self._engine = ops.engine
        METADATA.create_all(self._engine, tables=[INVOICES])

    def latest(self) -> list[GivenInvoice]:
        """The latest version of every invoice, by month, source and account."""
        query = sa.select(INVOICES).order_by(INVOICES.c.version)
        with self._engine.connect() as db:
            newest = {tuple(row[name] for name in _KEY): row for row in db.execute(query).mappings()}
        found = [
            GivenInvoice(_read(row), int(row["version"]), str(row["reason"]), str(row["given_by"]), row["given_at"])
            for row in newest.values()
        ]
        return sorted(found, key=lambda given: (given.invoice.month, *given.invoice.key))

    def add(self, invoices: Sequence[tuple[Invoice, int]], *, reason: str, by: str) -> None:
        """Write these versions, all or none; a version that is there already is refused by the store."""
        signed = {"reason": reason, "given_by": by, "given_at": now()}
        rows = [_written(invoice) | signed | {"version": version} for invoice, version in invoices]
        if rows:
            with self._engine.begin() as db:
                db.execute(INVOICES.insert(), rows)


def _written(invoice: Invoice) -> dict[str, str]:
    values = {field.name: getattr(invoice, field.name) for field in fields(Invoice)}
    return {name: f"{value:.6f}" if name in _MONEY else value for name, value in values.items()}


def _read(row: Any) -> Invoice:  # noqa: ANN401 - a row of SQLAlchemy
    return Invoice(
        source=str(row["source"]),
        account_id=str(row["account_id"]),
        month=str(row["month"]),
        invoice_id=str(row["invoice_id"]),
        currency=str(row["currency"]),
        media_amount=Decimal(row["media_amount"]),
        credits=Decimal(row["credits"]),
        tax=Decimal(row["tax"]),
        total=Decimal(row["total"]),
    )
