"""What people plan to spend: a budget for an account and month, so that a slow creep is seen against a plan.

A CSV file with the columns month (2026-11), source, account, budget (in the currency of the account). An account
without a budget has no pace; the file that is shipped names none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from expectations.declare.edited import edited_rows
from expectations.declare.errors import Misconfigured

BUDGETS = Path(__file__).parents[1] / "budgets.csv"
COLUMNS = ("month", "source", "account", "budget")


@dataclass(frozen=True)
class Budget:
    """What an account may spend in a month, which is written as its first day."""

    month: date
    source: str
    account: str
    amount: float


def budgets(path: Path = BUDGETS) -> tuple[Budget, ...]:
    """The budgets in the order of the file. Raises `Misconfigured` with the line of a fault."""
    return tuple(_budget(cells, where) for cells, where in edited_rows(path, COLUMNS))


def _budget(cells: list[str], where: str) -> Budget:
    month, source, account, amount = cells
    try:
        read = Budget(date.fromisoformat(f"{month}-01"), source, account, float(amount))
    except ValueError:
        raise Misconfigured(
            f"{month!r}, {amount!r} are not a month and an amount", where=where, do="Write them as 2026-11 and 12000"
        ) from None
    if not 0 < read.amount < float("inf"):
        raise Misconfigured(
            f"the budget of {account} is {amount}", where=where, do="Write an amount above 0, or remove the line"
        )
    return read
