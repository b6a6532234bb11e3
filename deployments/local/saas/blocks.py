"""What passes between a simulated system and the sync that reads it: a request, and blocks of records.

A module that serves a source has a dictionary `STREAMS: dict[str, Stream]`; `reader.MODULES` names the modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any

import orjson

from deployments.local.saas.seasons import micros, number, today
from deployments.local.saas.world import World

_ROWS = 2_000
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Block:
    """Some records of one stream: the JSON text of each, without the envelope of the destination."""

    payloads: list[bytes]

    @property
    def rows(self) -> int:
        """How many records."""
        return len(self.payloads)


@dataclass(frozen=True, slots=True)
class Request:
    """What a sync asks for: everything visible at `until` that changed after `since` (None: from `start` on).

    With `days_asked` (first and last) it is about these days only, as a connector with a start and an end date.
    """

    start: date
    since: datetime | None
    until: datetime
    days_asked: tuple[date, date] | None = None

    @property
    def is_first(self) -> bool:
        """Whether nothing was read before."""
        return self.since is None or self.since.date() <= self.start

    @property
    def since_micros(self) -> int:
        """The earliest change asked for, exclusive, in microseconds UTC."""
        first = self.days_asked[0] if self.days_asked else self.start
        return micros(self.since) if self.since else number(first) * 86_400_000_000 - 1

    @property
    def until_micros(self) -> int:
        """The instant of the extraction in microseconds UTC."""
        return micros(self.until)

    def last_day(self, zone: str) -> int:
        """Number of the last day there is anything to say about: today, or the last day asked for."""
        newest = today(self.until_micros, zone)
        return min(newest, number(self.days_asked[1])) if self.days_asked else newest

    def days(self, zone: str, look_back: int) -> range:
        """Day numbers of a report: from `look_back` days before `since` to today, in the account's own zone."""
        first = number(self.days_asked[0] if self.days_asked else self.start)
        if self.since:
            first = max(first, today(micros(self.since - timedelta(days=look_back)), zone))
        return range(first, self.last_day(zone) + 1)


Stream = Callable[[World, Request], Iterator[Block]]


def blocks(records: Iterable[Record]) -> Iterator[Block]:
    """Records as JSON texts, some thousand at a time."""
    remaining = iter(records)
    while payloads := [orjson.dumps(record) for record in islice(remaining, _ROWS)]:
        yield Block(payloads)
