"""What the server needs from a source system: the records of one stream at an instant, as finished JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deployments.local.airbyte.switches import Fault


@dataclass(frozen=True)
class Block:
    """Some records of a stream; each payload is one JSON object without a line break."""

    payloads: list[bytes]

    @property
    def rows(self) -> int:
        """How many records it holds."""
        return len(self.payloads)


@dataclass(frozen=True)
class Request:
    """What a sync asks for: everything visible at `until` that changed after `since` (None: from the start).

    `faults` are those of the records (renamed fields, multiplied metrics); the reader applies them.
    """

    source: str
    stream: str
    since: datetime | None
    until: datetime
    sync_id: int
    faults: tuple[Fault, ...] = ()


class Reader(Protocol):
    """A simulated source system."""

    def read(self, request: Request) -> Iterator[Block]:
        """The records in blocks of a few thousand, so that memory stays bounded."""
        ...
