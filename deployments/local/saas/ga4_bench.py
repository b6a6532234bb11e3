"""How fast the simulated event export writes: from the seed to gz JSONL objects in Airbyte's envelope, one core."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from time import perf_counter, process_time

import numpy as np
from isal import isal_zlib

from deployments.local.saas.ga4_digits import Strip, hexadecimal
from deployments.local.saas.ga4_plan import plan, visits
from deployments.local.saas.ga4_writer import Rows, rendered
from deployments.local.saas.hashing import Dice
from deployments.local.saas.seasons import midnight, number
from deployments.local.saas.world import World

DAY = date(2026, 11, 17)
OBJECT_ROWS = 500_000
SYNC_ID = 1
RANGE = 4_000  # sessions that lie side by side
_GZIP_MEMBER = 31  # window bits: one gzip member per object, as Airbyte writes it
_ID_DIGITS = ((0, 8), (8, 12), (13, 16), (17, 20), (20, 32))  # of 32, without version and variant


@dataclass(frozen=True, slots=True)
class GeneratedObject:
    """One gz JSONL object, its number of lines and its size before compression."""

    body: bytes
    rows: int
    text_bytes: int


def generate_objects(
    world: World, day: date, *, events: int, object_rows: int = OBJECT_ROWS, level: int = 1
) -> Iterator[GeneratedObject]:
    """About `events` exported events of a shop day, all channels and buyers in their true shares, as finished objects.

    Lines are those of the S3 destination; `level` is the level of igzip (0 to 3).
    """
    head = _head(midnight(number(day) + 1) // 1_000)
    with _no_collector():
        packer, packed, rows, size, first = _packer(level), list[bytes](), 0, 0, 0
        for block in _spread(world, day, events):
            text = _lines(block, first, head)
            packed.append(packer.compress(text))
            rows, size, first = rows + len(block), size + len(text), first + len(block)
            if rows >= object_rows:
                yield GeneratedObject(b"".join([*packed, packer.flush()]), rows, size)
                packer, packed, rows, size = _packer(level), list[bytes](), 0, 0
        if rows:
            yield GeneratedObject(b"".join([*packed, packer.flush()]), rows, size)


def run(events: int, *, seed: int = 1, scale: float = 1.0) -> dict[str, float]:
    """Write this many events and throw the bytes away: rates by wall clock and by processor time, and sizes."""
    wall, busy = perf_counter(), process_time()
    rows, text, packed = _totals(generate_objects(World(seed, scale), DAY, events=events))
    wall, busy = perf_counter() - wall, process_time() - busy
    return {
        "events": float(rows),
        "seconds": wall,
        "events_per_second": rows / wall,
        "events_per_cpu_second": rows / busy,
        "bytes_per_event": text / rows,
        "gz_bytes_per_event": packed / rows,
    }


def _totals(objects: Iterator[GeneratedObject]) -> tuple[int, int, int]:
    rows = text = packed = 0
    for one in objects:
        rows, text, packed = rows + one.rows, text + one.text_bytes, packed + len(one.body)
    return rows, text, packed


def _spread(world: World, day: date, events: int) -> Iterator[Rows]:
    """Blocks of exported events from ranges of sessions that lie evenly over the day until there are enough."""
    total, written = world.session_count(day), 0
    ranges = max(1, min(total // RANGE, -(-events // (7 * RANGE))))
    size = total / ranges if ranges == total // RANGE else RANGE
    for n in range(ranges):
        middle = (n + 0.5) * total / ranges
        first, last = int(max(0.0, middle - size / 2)), int(min(total, middle + size / 2))
        seen = visits(world.dice, world.sessions(day, first, last))
        planned = plan(world.dice, seen)
        for block in rendered(world.dice, number(day), seen, planned.take(planned.lag >= 0)):
            yield block
            written += len(block)
            if written >= events:
                return


def _lines(block: Rows, first: int, head: Strip) -> bytes:
    """A block as lines of the destination; `first` numbers its first record."""
    numbers, dice = np.arange(first, first + len(block), dtype=np.int64), Dice(SYNC_ID, 1.0)
    text = hexadecimal([dice.words("raw_id.1", numbers), dice.words("raw_id.2", numbers)])
    return block.joined([head.fill(*(text[:, low:high] for low, high in _ID_DIGITS))], b"}\n")


def _head(extracted_ms: int) -> Strip:
    """What stands before every payload: a version 4 id and what all records of the sync share."""
    rest = (
        f'","_airbyte_extracted_at":{extracted_ms},"_airbyte_meta":{{"sync_id":{SYNC_ID},"changes":[]}},'
        f'"_airbyte_generation_id":0,"_airbyte_data":'
    )
    return Strip.of(b'{"_airbyte_raw_id":"', 8, b"-", 4, b"-4", 3, b"-a", 3, b"-", 12, rest.encode())


def _packer(level: int) -> "isal_zlib.Compress":
    return isal_zlib.compressobj(level=level, wbits=_GZIP_MEMBER)


@contextmanager
def _no_collector() -> Iterator[None]:
    """No cyclic garbage is made here, and looking for it among millions of bytes objects costs a tenth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
