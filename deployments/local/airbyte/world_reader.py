"""The simulated BrightCart as the server's source systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import orjson

from deployments.local.airbyte.reader import Request
from deployments.local.saas import reader, simulation
from deployments.local.saas.blocks import Block
from deployments.local.saas.world import World

_TABLE_DAY = {"ga4_export": "event_date"}


@dataclass(frozen=True)
class WorldReader:
    """Reads every system of one world."""

    world: World

    def read(self, request: Request) -> Iterator[Block]:
        """What the world shows of a stream."""
        faults = [
            simulation.Fault(fault.name, request.source, request.stream, str(fault.day or ""), fault.parameters)
            for fault in request.faults
        ]
        asked = replace(reader.request(request.start, request.since, request.until), days_asked=request.days)
        found = reader.read_stream(self.world, request.source, stream=request.stream, request=asked, faults=faults)
        return _within(found, request) if request.days else found


def _within(found: Iterator[Block], request: Request) -> Iterator[Block]:
    """The records whose day lies in the range asked for; the cursor says the day, as it does to a real connector.

    The event export is asked by the day of its tables, not by the instant at which its job wrote a row.
    """
    first, last = (day.isoformat() for day in request.days or ())
    field = _TABLE_DAY.get(request.source, request.cursor)
    for block in found:
        days = (_day(orjson.loads(payload).get(field)) for payload in block.payloads)
        kept = [payload for payload, day in zip(block.payloads, days, strict=True) if first <= day <= last]
        if kept:
            yield Block(kept)


def _day(value: object) -> str:
    text = str(value)
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else text[:10]
