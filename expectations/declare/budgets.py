"""What people plan to spend: a budget for an account and month, so that a slow creep is seen against a plan.

A CSV file with the columns month (2026-11), source, account, budget (in the currency of the account). An account
without a budget has no pace; the file that is shipped names none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from expectations.declare.edited import Line, edited_lines

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
    return tuple(_budget(line) for line in edited_lines(path, COLUMNS)) if path.exists() else ()


def _budget(line: Line) -> Budget:
    month, amount = line["month"], line["budget"]
    try:
        read = Budget(date.fromisoformat(f"{month}-01"), line["source"], line["account"], float(amount))
    except ValueError:
        what = f"{month!r}, {amount!r} are not a month and an amount"
        raise line.refused(what, "Write them as 2026-11 and 12000") from None
    if not 0 < read.amount < float("inf"):
        raise line.refused(f"the budget of {read.account} is {amount}", "Write an amount above 0, or remove the line")
    return read
