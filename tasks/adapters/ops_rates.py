"""Rates of exchange as finance gave them, in all versions; of a currency and date the latest counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tasks.adapters.ops_given import OpsGiven, given_table
from tasks.adapters.ops_store import OpsStore

RATES = given_table("fx_rates", key=("currency", "rate_date"), says=("rate",))


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

    @property
    def title(self) -> str:
        """What people call it."""
        return f"the rate of {self.currency} on {self.rate_date}"


def given_rates(ops: OpsStore) -> OpsGiven[Rate]:
    """The rates of one ops store."""
    return OpsGiven(ops, RATES, written=_written, read=_read)


def _written(rate: Rate) -> dict[str, str]:
    # Nine decimals, so that equal rates are equal texts.
    return {"currency": rate.currency, "rate_date": str(rate.rate_date), "rate": f"{rate.rate:.9f}"}


def _read(row: Mapping[str, Any]) -> Rate:
    return Rate(str(row["currency"]), date.fromisoformat(row["rate_date"]), Decimal(row["rate"]))
