"""The byte writer of the event export: columns in, one JSON text per event out, no Python step per event.

What a session has in common is one piece per session, what a page, a kind or a product has in common one piece
per process; numbers are strips of digits. The pieces of all events are gathered column by column, interleaved
by strided assignment, joined once and cut once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.ga4_digits import Strip, digits, hexadecimal
from deployments.local.saas.ga4_orders import purchase_pieces
from deployments.local.saas.ga4_plan import PURCHASE, Events, Visits, twins
from deployments.local.saas.ga4_sessions import session_pieces
from deployments.local.saas.ga4_text import (
    ENGAGEMENTS,
    Pieces,
    closing_number,
    closing_pieces,
    ending_pieces,
    engagement_pieces,
    kind_pieces,
    order_pieces,
    page_pieces,
    pieces,
    referrer_pieces,
)
from deployments.local.saas.hashing import Dice, Ints
from deployments.local.saas.seasons import date_of, instant_of, midnight

BLOCK_EVENTS = 4_000
_NULL = b"null"
_HEAD = Strip.of(b'{"event_date":"', 8, b'","event_timestamp":', 16, b',"event_previous_timestamp":')
_STAMP = Strip.of(16)
_BATCH = Strip.of(
    b',"event_bundle_sequence_id":',
    10,
    b',"event_server_timestamp_offset":null,"batch_page_id":',
    13,
    b',"batch_event_index":',
)
_TAIL = Strip.of(b'","event_key":"', 32, b'"}')


@dataclass(frozen=True, slots=True)
class _Shared:
    """The pieces of a process."""

    kinds: Pieces
    orders: Pieces
    pages: Pieces
    referrers: Pieces
    engagements: Pieces
    closings: Pieces
    endings: Pieces


@lru_cache(maxsize=8)
def _shared(dice: Dice) -> _Shared:
    return _Shared(
        kind_pieces(),
        order_pieces(),
        page_pieces(),
        referrer_pieces(),
        engagement_pieces(),
        closing_pieces(dice),
        ending_pieces(dice),
    )


@dataclass(frozen=True, slots=True)
class Rows:
    """Events as columns of pieces; the pieces of one row, joined, are its JSON text."""

    columns: list[list[bytes]]

    def __len__(self) -> int:
        return len(self.columns[0])

    def joined(self, before: list[list[bytes]], after: bytes) -> bytes:
        """All rows in one text, each between its own pieces of `before` and the common `after`."""
        columns = [*before, *self.columns, [after] * len(self)]
        wide = len(columns)
        in_order: list[bytes] = [after] * (wide * len(self))
        for n, column in enumerate(columns):
            in_order[n::wide] = column
        return b"".join(in_order)

    def texts(self) -> list[bytes]:
        """One JSON text per row."""
        return self.joined([], b"\n").split(b"\n")[:-1]


def rendered(dice: Dice, day: int, seen: Visits, events: Events) -> Iterator[Rows]:
    """The events in blocks of about BLOCK_EVENTS; they were planned from these visits of shop day `day`."""
    for start in range(0, len(events), BLOCK_EVENTS):
        block = np.arange(start, min(start + BLOCK_EVENTS, len(events)), dtype=np.int64)
        yield _block(dice, day, seen, events.take(block))


def _block(dice: Dice, day: int, seen: Visits, events: Events) -> Rows:
    events = events.take(np.repeat(np.arange(len(events)), 1 + twins(dice, events)))
    own, piece = session_pieces(dice, day, seen, events)
    shared, purchases = _shared(dice), purchase_pieces(seen, events)
    bought = np.flatnonzero(events.kind == PURCHASE)
    closing = closing_number(events.kind, events.product)
    columns = [
        _heads(day, events),
        _previous(events),
        _with(shared.kinds[events.kind], bought, purchases.value),
        _BATCH.fill(digits(_bundle(dice, events), 10), digits(events.page_at // 1_000, 13)),
        shared.orders[events.position].tolist(),
        own.opening[piece].tolist(),
        np.where(events.first, own.landing[piece], shared.pages[events.place]).tolist(),
        np.where(events.first, own.referrer[piece], shared.referrers[events.came_from]).tolist(),
        shared.engagements[_engagement(dice, events)].tolist(),
        _with(shared.closings[closing], bought, purchases.closing),
        own.visitor[piece].tolist(),
        np.where(events.first, own.collected[piece], own.nothing).tolist(),
        _with(shared.endings[closing], bought, purchases.ending),
        _exports(day, events),
        _TAIL.fill(hexadecimal([dice.words("ga4.key.1", events.number), dice.words("ga4.key.2", events.number)])),
    ]
    return Rows(columns)


def _with(column: Pieces, rows: Ints, own: list[bytes]) -> list[bytes]:
    """A column in which some rows have a piece of their own."""
    column[rows] = pieces(own)
    found: list[bytes] = column.tolist()
    return found


def _heads(day: int, events: Events) -> list[bytes]:
    """A session may run into the next day of the property."""
    dates = np.array([int(date_of(day + n).strftime("%Y%m%d")) for n in (0, 1)], dtype=np.int64)
    return _HEAD.fill(digits(dates[_day_offset(day, events)], 8), digits(events.at, 16))


def _day_offset(day: int, events: Events) -> Ints:
    return (events.at >= midnight(day + 1)).astype(np.int64)


def _previous(events: Events) -> list[bytes]:
    texts = _STAMP.fill(digits(events.previous_at, 16))
    for row in np.flatnonzero(events.previous_at == 0).tolist():
        texts[row] = _NULL
    return texts


def _bundle(dice: Dice, events: Events) -> Ints:
    """One number per request; events of the landing page share theirs."""
    first = events.number - np.where(events.first, events.position, 0)
    return 1_000_000_000 + dice.below("ga4.bundle", first, 1_000_000_000)


def _engagement(dice: Dice, events: Events) -> Ints:
    engaged = events.engaged.astype(np.int64)
    timed = 2 + engaged * ENGAGEMENTS + dice.below("ga4.engagement", events.number, ENGAGEMENTS)
    return np.where(events.first, engaged, timed)


def _exports(day: int, events: Events) -> list[bytes]:
    """The export table and the job's instant: a handful of texts per block."""
    late, offset = (events.lag > 0).astype(np.int64), _day_offset(day, events)
    codes, which = np.unique(events.exported_at * 4 + late * 2 + offset, return_inverse=True)
    texts = [_export_text(day + code % 2, code // 2 % 2, code // 4) for code in codes.tolist()]
    found: list[bytes] = pieces(texts)[which].tolist()
    return found


@lru_cache(maxsize=65_536)
def _export_text(day: int, late: int, at: int) -> bytes:
    stamp = instant_of(at).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f'{export_table(day, late=late > 0)}","exported_at":"{stamp}'.encode()


def export_table(day: int, *, late: bool) -> str:
    """The table an event of a property day is exported from."""
    return f"events_{'' if late else 'intraday_'}{date_of(day):%Y%m%d}"
