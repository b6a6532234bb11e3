"""The half-open UTC span that a run is responsible for.

It is chosen in the first line of a flow, from the scheduled time and never from the clock, and keeps
the name `window` in paths, columns, logs and alert titles.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, model_validator

from expectations.declare.errors import Misconfigured

# Sources finish an American account-day at 05:00 UTC; until this hour a run still works on the day before.
DAY_TURNS_AT = timedelta(hours=6)


class Window(BaseModel):
    """`start` <= instant < `end`, both UTC."""

    model_config = ConfigDict(frozen=True)

    start: AwareDatetime
    end: AwareDatetime

    @model_validator(mode="after")
    def _is_a_span(self) -> Self:
        if self.start >= self.end:
            raise ValueError(f"a window must start before it ends, not {self.start} to {self.end}")
        return self

    @classmethod
    def of_day(cls, day: date) -> Window:
        """The 24 hours of one UTC day."""
        start = datetime.combine(day, time(), tzinfo=UTC)
        return cls(start=start, end=start + timedelta(days=1))

    @classmethod
    def parse(cls, text: str) -> Window:
        """`2026-11-17`, or `2026-10-12..2026-11-15` with both days included."""
        first, dots, last = text.partition("..")
        try:
            start, end = date.fromisoformat(first), date.fromisoformat(last if dots else first)
        except ValueError:
            raise Misconfigured(
                f"{text!r} is not a window",
                do="Write one day (2026-11-17) or the first and last day (2026-10-12..2026-11-15)",
            ) from None
        if end < start:
            raise Misconfigured(f"the window {text} is reversed", do=f"Write {end}..{start}")
        return cls(start=cls.of_day(start).start, end=cls.of_day(end).end)

    @classmethod
    def scheduled(cls, at: datetime) -> Window:
        """What a refresh scheduled at this instant is responsible for: the reporting day so far."""
        day = (at.astimezone(UTC) - DAY_TURNS_AT).date()
        return cls(start=cls.of_day(day).start, end=at.astimezone(UTC))

    def days(self) -> list[date]:
        """Every UTC day the window touches, in order."""
        first, last = self.start.date(), (self.end - timedelta(microseconds=1)).date()
        return [first + timedelta(days=n) for n in range((last - first).days + 1)]

    def covers(self, day: date) -> bool:
        """Whether the whole UTC day lies inside."""
        whole = Window.of_day(day)
        return self.start <= whole.start and whole.end <= self.end

    @property
    def label(self) -> str:
        """The text that `parse` reads for whole days; with the hour where it ends inside a day."""
        days = self.days()
        text = str(days[0]) if len(days) == 1 else f"{days[0]}..{days[-1]}"
        return text if self.end.time() == time() else f"{text}T{self.end:%H%M}"
