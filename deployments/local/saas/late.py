"""Records that come later than they should, or come again when nobody reads their day any more.

Unlike the faults of `faults.py` these need more than the records of one sync: they look at the source a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import orjson

from deployments.local.saas.blocks import Block, Record, Request
from deployments.local.saas.faults import concerns, is_drawn, multiply
from deployments.local.saas.simulation import Fault

Read = Callable[[Request], Iterator[Block]]
Sequel = Callable[[Fault, Request, Read], Iterator[Block]]


def late(fault: Fault, request: Request, read: Read) -> Iterator[Block]:
    """This `share` of the day's records comes `days` days after the day, drawn by the field `by`."""
    due = datetime.combine(date.fromisoformat(fault.day), time(), tzinfo=UTC) + timedelta(
        days=1 + int(fault.parameters.get("days", 1))
    )
    waits = request.until < due
    for record, payload in _records(read(request)):
        if not (waits and _held(fault, record)):
            yield Block([payload])
    if request.since and request.since < due <= request.until:
        yield Block([payload for record, payload in _of_day(fault, request, read) if _held(fault, record)])


def restated_beyond(fault: Fault, request: Request, read: Read) -> Iterator[Block]:
    """The source says something else about a day that no sync reads any more, and reads back until there once more."""
    if request.since:  # a first sync reads everything anyway
        request = replace(request, start=max(date.fromisoformat(fault.day), request.start), since=None)
    for record, payload in _records(read(request)):
        changed = multiply(fault, record, 0) if concerns(fault, record) else []
        yield Block([orjson.dumps(one) for one in changed] or [payload])


SEQUELS: Mapping[str, Sequel] = {
    "late_beyond_window": late,
    "late_rows": late,
    "restated_beyond_window": restated_beyond,
}


def _held(fault: Fault, record: Record) -> bool:
    return concerns(fault, record) and is_drawn(fault, record, usual=0.2)


def _of_day(fault: Fault, request: Request, read: Read) -> Iterator[tuple[Record, bytes]]:
    """Everything that the source knows now of the fault's day and after it."""
    start = max(date.fromisoformat(fault.day) - timedelta(days=1), request.start)
    return _records(read(replace(request, start=start, since=None)))


def _records(blocks: Iterator[Block]) -> Iterator[tuple[Record, bytes]]:
    return ((orjson.loads(payload), payload) for block in blocks for payload in block.payloads)
