"""What ad platforms invoiced, as finance gave it, in all versions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from tasks.adapters.ops_given import OpsGiven, given_table
from tasks.adapters.ops_store import OpsStore

_MONEY = ("media_amount", "credits", "tax", "total")
INVOICES = given_table("invoices", key=("source", "account_id", "invoice_id"), says=("month", "currency", *_MONEY))


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

    @property
    def title(self) -> str:
        """What people call it."""
        return f"invoice {self.invoice_id}"


def given_invoices(ops: OpsStore) -> OpsGiven[Invoice]:
    """The invoices of one ops store."""
    return OpsGiven(ops, INVOICES, written=_written, read=_read)


def _written(invoice: Invoice) -> dict[str, str]:
    # Six decimals, so that equal amounts are equal texts.
    values = {field.name: getattr(invoice, field.name) for field in fields(Invoice)}
    return {name: f"{value:.6f}" if name in _MONEY else value for name, value in values.items()}


def _read(row: Mapping[str, Any]) -> Invoice:
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
