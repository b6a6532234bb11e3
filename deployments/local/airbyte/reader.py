"""What the server needs from a source system: the records of one stream at an instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from deployments.local.airbyte.switches import Fault
from deployments.local.saas.blocks import Block


@dataclass(frozen=True)
class Request:
    """What a sync asks for: everything visible at `until` that changed after `since` (None: from `start` on).

    With `days` (first and last) only the records whose `cursor` lies in them, whatever was read before.
    `faults` are those of the records (renamed fields, multiplied metrics); the source makes them.
    """

    source: str
    stream: str
    start: date
    since: datetime | None
    until: datetime
    faults: tuple[Fault, ...] = ()
    days: tuple[date, date] | None = None
    cursor: str = ""


class Reader(Protocol):
    """A simulated source system."""

    def read(self, request: Request) -> Iterator[Block]:
        """The records in blocks of a few thousand, so that memory stays bounded."""
        ...
