"""The `ga4_export` system: a table that a half-hourly job fills with web events, and the job's own counts.

An event is exported once, stamped with the instant of its job; most within 45 minutes, some one to three days
later, a few never. The link to the export was made on the request's start date: sessions from before are not in it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from deployments.local.saas.blocks import Block, Record, Request, Stream, blocks
from deployments.local.saas.ga4_plan import (
    DAY,
    JOB_EVERY,
    JOB_NEEDS,
    LATEST,
    LONGEST,
    PURCHASE,
    Events,
    Visits,
    plan,
    twins,
    visits,
    with_late_events,
)
from deployments.local.saas.ga4_writer import export_table, rendered
from deployments.local.saas.hashing import Ints
from deployments.local.saas.seasons import SHOP_ZONE, date_of, instant_of, midnight, number, today
from deployments.local.saas.world import World

CHUNK = 8_000  # sessions planned at a time
_COUNTED_DAYS = LATEST + 2  # a table is counted until nothing can come any more
_DELAY = LONGEST + JOB_NEEDS + JOB_EVERY  # from the start of a session to its last event in time


@dataclass(frozen=True, slots=True)
class Slice:
    """Events of one shop day's sessions that were exported in a span of time, with the visits they belong to."""

    day: int
    seen: Visits
    events: Events


@dataclass(frozen=True, slots=True)
class Counts:
    """What the job has counted of one export table: `rows` are distinct event keys, `revenue` US cents."""

    rows: int
    written: int
    purchases: int
    revenue: int


def exported(world: World, start: int, *, after: int, until: int, last: int | None = None) -> Iterator[Slice]:
    """Events exported in (after, until], microseconds UTC, of sessions from day `start` on; in bounded pieces.

    `last` is the number of the last day whose sessions are of interest.
    """
    first = max(start, today(after - LATEST * DAY - _DELAY))
    for day in range(first, (today(until) if last is None else last) + 1):
        yield from exported_of_day(world, day, after=after, until=until)


def exported_of_day(world: World, day: int, *, after: int, until: int) -> Iterator[Slice]:
    """Events of one shop day's sessions exported in (after, until]."""
    for seen in _chunks(world, day, after, until):
        events = plan(world.dice, seen)
        chosen = (events.exported_at > after) & (events.exported_at <= until)
        if chosen.any():
            yield Slice(day, seen, events if chosen.all() else events.take(chosen))


def control(world: World, start: int, *, after: int, until: int) -> Iterator[Record]:
    """The job's counts of each table it counted in (after, until], as of the last count."""
    job = until // JOB_EVERY * JOB_EVERY
    days = range(max(start, today(after) - _COUNTED_DAYS), today(job) + 1)
    counted = {day: min(job, midnight(day + _COUNTED_DAYS)) for day in days}
    for day, at in counted.items():
        if at > after:
            yield from _records(table_counts(world, start, day=day, instant=at), day, at)


def table_counts(world: World, start: int, *, day: int, instant: int) -> dict[bool, Counts]:
    """Counts of a property day's two tables at an instant: in time (False) and late (True)."""
    totals = np.zeros((2, 4), dtype=np.int64)
    for shop_day in range(max(start, day - 1), day + 1):
        for part in exported_of_day(world, shop_day, after=midnight(day), until=instant):
            totals += _count(world, part, day)
    return {late: Counts(*totals[int(late)].tolist()) for late in (False, True)}


def _count(world: World, part: Slice, day: int) -> Ints:
    """Rows, written rows, purchases and revenue of one slice by [in time, late]."""
    events = part.events
    mine = (events.at >= midnight(day)) & (events.at < midnight(day + 1))
    events = events.take(mine)
    late, sold = (events.lag > 0).astype(np.int64), events.kind == PURCHASE
    again = twins(world.dice, events).astype(np.int64)
    revenue = np.where(sold, part.seen.web.order_total[events.session], 0)
    columns = (np.ones(len(events), dtype=np.int64), 1 + again, sold.astype(np.int64), revenue)
    return np.stack([[column[late == flag].sum() for column in columns] for flag in (0, 1)]).astype(np.int64)


def _records(counts: dict[bool, Counts], day: int, at: int) -> Iterator[Record]:
    for late, count in counts.items():
        if count.rows:
            yield {
                "export_table": export_table(day, late=late),
                "event_date": f"{date_of(day):%Y%m%d}",
                "rows": count.rows,
                "purchases": count.purchases,
                "revenue": count.revenue / 100,
                "counted_at": f"{instant_of(at):%Y-%m-%dT%H:%M:%S.%fZ}",
                "rows_written": count.written,
                "dataset": "analytics_331700042",
                "job": "plumbline_ga4_events",
            }


def _chunks(world: World, day: int, after: int, until: int) -> Iterator[Visits]:
    """The visits of a shop day that can have events in the span."""
    total = world.session_count(date_of(day))
    whole: list[tuple[int, int | None]] = [(0, None)]
    pieces: list[tuple[int, int | None]] = [(n, min(n + CHUNK, total)) for n in range(0, total, CHUNK)]
    for first, last in whole if total <= 2 * CHUNK else pieces:
        web = world.sessions(date_of(day), first, last)
        seen, chosen = visits(world.dice, web), web.started_at + _DELAY > after
        if not chosen.all():
            chosen |= with_late_events(world.dice, seen)
        chosen &= web.started_at <= until
        if chosen.any():
            yield seen if chosen.all() else visits(world.dice, web.take(chosen))


def _events(world: World, request: Request) -> Iterator[Block]:
    start = number(request.start)
    days = request.last_day(SHOP_ZONE)
    for part in exported(world, start, after=request.since_micros, until=request.until_micros, last=days):
        for rows in rendered(world.dice, part.day, part.seen, part.events):
            yield Block(rows.texts())


def _events_control(world: World, request: Request) -> Iterator[Block]:
    start = number(request.start)
    found = control(world, start, after=request.since_micros, until=request.until_micros)
    yield from blocks(sorted(found, key=lambda record: (record["counted_at"], record["export_table"])))


STREAMS: dict[str, Stream] = {"events": _events, "events_control": _events_control}
