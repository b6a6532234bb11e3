"""The calendar that people edit: days on which more, or less, spend than usual is no news.

A CSV file with the columns start_date, end_date, name, multiplier; the same that `plumbline try anomalies --calendar`
reads. A multiplier above 1 lets spend be so many times the usual, one below 1 lets it fall to that share. A price and
an account that stops altogether are judged on such days as on every other.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from expectations.declare.edited import Line, edited_lines
from expectations.declare.errors import Misconfigured

CALENDAR = Path(__file__).parents[1] / "promotions.csv"
COLUMNS = ("start_date", "end_date", "name", "multiplier")


@dataclass(frozen=True)
class Promotion:
    """A span that the calendar knows, both days included."""

    first: date
    last: date
    name: str
    multiplier: float

    def checked(self, where: str) -> Promotion:
        """Itself; raises `Misconfigured` where it cannot be meant."""
        if self.last < self.first:
            raise Misconfigured(
                f"the event {self.name!r} ends on {self.last}, before it starts on {self.first}",
                where=where,
                do="Swap start_date and end_date",
            )
        if not 0 < self.multiplier < float("inf"):
            raise Misconfigured(
                f"the multiplier of the event {self.name!r} is {self.multiplier}",
                where=where,
                do="Write a number above 0: 2 allows twice the usual spend, 0.5 allows half of it",
            )
        return self


def promotions(path: Path = CALENDAR) -> tuple[Promotion, ...]:
    """The product's calendar, in the order of the file; none where there is no file.

    Raises `Misconfigured` with the line for a column that is missing, a day or a number that is none.
    """
    return tuple(_promotion(line) for line in edited_lines(path, COLUMNS)) if path.exists() else ()


def _promotion(line: Line) -> Promotion:
    first, last, name, multiplier = (line[column] for column in COLUMNS)
    try:
        read = Promotion(date.fromisoformat(first), date.fromisoformat(last), name, float(multiplier))
    except ValueError:
        what = f"{first!r}, {last!r}, {multiplier!r} are not two days and a number"
        raise line.refused(what, "Write days as 2026-11-27 and the multiplier as 4 or 0.5") from None
    return read.checked(line.where)
