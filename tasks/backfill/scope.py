"""Which typed rows belong to a window: those whose day lies in it, whichever sync brought them.

A stream without a day (a campaign, a contact) is placed in time by its sync: the rows that a sync for the window
delivered. The conditions are plain SQL over the staging model and the load ledger, the same on both engines.
"""

# ruff: noqa: S608 - the names come from the declarations and from dbt

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from expectations.declare.field import DATE_TYPES
from expectations.declare.source import Source
from expectations.declare.stream import Stream
from tasks.adapters.warehouse.base import LEDGER, naive_utc
from tasks.window import Window


@dataclass(frozen=True)
class Scope:
    """The part of one stream's history that a window speaks about."""

    source: Source
    stream: Stream
    window: Window

    @property
    def in_window(self) -> str:
        """True for a typed row that the window is about."""
        spoken = f"_load_seq in ({self._sequences()})"
        field = self.stream.dated
        return spoken if field is None else f"({self.dated} or {field.column} is null and {spoken})"

    @property
    def dated(self) -> str:
        """True for a typed row whose day lies in the window, true for every row of a stream without days."""
        field = self.stream.dated
        if field is None:
            return "true"
        days = self.window.days()
        if field.type in DATE_TYPES:
            return f"{field.column} between cast('{days[0]}' as date) and cast('{days[-1]}' as date)"
        zone = self.source.zone
        start = datetime.combine(days[0], time(), tzinfo=zone).astimezone(UTC)
        end = datetime.combine(days[-1] + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
        return f"({field.column} >= {_instant(start)} and {field.column} < {_instant(end)})"

    @property
    def delivered(self) -> str:
        """True for a raw row of a sync that may speak about the window: from the day before to the look-back after."""
        return f"_load_seq in ({self._sequences(before=timedelta(days=1), behind=self.source.look_back)})"

    def _sequences(self, *, before: timedelta = timedelta(), behind: timedelta = timedelta()) -> str:
        """Load sequences of the syncs for the window, and for the days before and behind it."""
        return (
            f"select load_seq from {LEDGER} where table_name = '{self.stream.raw_table}'"
            f" and window_end > {_instant(self.window.start - before)}"
            f" and window_start < {_instant(self.window.end + behind)}"
        )


def _instant(at: datetime) -> str:
    return f"cast('{naive_utc(at).isoformat(sep=' ')}' as timestamp)"
