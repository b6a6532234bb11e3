"""The web sessions of a day as columns: those on the way to an order first, then those of non-buyers.

Positions [0, converting) are cut from orders (see paths), the rest are independent visitors, in one range per
channel. Any set of positions can be asked for and gives the same values as the whole day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.browsers import VISITOR, browser, device
from deployments.local.saas.catalog import ACCOUNTS, BY_COUNTRY, GOOGLE, META, catalog, slot_curve
from deployments.local.saas.edits import AS_PLACED, as_of
from deployments.local.saas.hashing import STEP_COUNTRY, STEP_SLOT, Dice, Flags, Ints, Reals, even
from deployments.local.saas.orders import COUNTRY_SHARES, DAY_SPAN, orders_at
from deployments.local.saas.paths import CHANNELS, SHAPES, Piece, cuts, pieces, shape_of, shuffle
from deployments.local.saas.seasons import SECOND, midnight, moment, traffic

__all__ = [
    "SESSIONS_A_DAY",
    "SHARES",
    "SPAN",
    "VISITOR",
    "Sessions",
    "buying_positions",
    "channel_ranges",
    "converting",
    "session_count",
    "sessions",
    "sessions_at",
]
SESSIONS_A_DAY = 6_250_000
SPAN = 100_000_000  # a session is day * SPAN + position
SHARES = np.array([0.144, 0.1584, 0.26, 0.2376, 0.12, 0.04, 0.04])
PAGES = 40
_EU, _ELSEWHERE = 0.25, 0.02


@dataclass(frozen=True, slots=True)
class Sessions:
    """Columns of web sessions; instants are microseconds UTC, -1 and 0 stand for none.

    `person` from VISITOR on is somebody who never bought. `slot` points into the catalog. `click` and
    `click_at` are set for ad clicks. `order_ref`, `order_at`, `order_total` (cents) are set on every session of
    a path, `buys` on its last one, `tracked` where the web analytics sees that purchase.
    `client` and `client_since` (seconds) make the browser's id. `spelling` > 0 spoils the utm parameters.
    """

    ref: Ints
    position: Ints
    person: Ints
    channel: Ints
    started_at: Ints
    number: Ints
    client: Ints
    client_since: Ints
    device: Ints
    country: Ints
    slot: Ints
    click: Ints
    click_at: Ints
    page: Ints
    spelling: Ints
    events: Ints
    engaged: Flags
    consent: Flags
    login: Flags
    shape: Ints
    touch: Ints
    order_ref: Ints
    order_at: Ints
    order_total: Ints
    buys: Flags
    tracked: Flags

    def __len__(self) -> int:
        return len(self.ref)

    def take(self, chosen: Ints | Flags) -> Sessions:
        """Some of the sessions."""
        return Sessions(**{name: getattr(self, name)[chosen] for name in Sessions.__slots__})


@dataclass(frozen=True, slots=True)
class _Path:
    """The orders behind converting sessions, aligned with them."""

    order_day: Ints
    order_position: Ints
    shape: Ints
    touch: Ints


def converting(dice: Dice, day: int) -> int:
    """How many sessions of a day lie on the way to an order."""
    return sum(piece.count for piece in pieces(dice, day))


def session_count(dice: Dice, day: int) -> int:
    """Sessions of a shop day."""
    return converting(dice, day) + int(sum(_others(dice, day)))


def channel_ranges(dice: Dice, day: int, channel: int) -> tuple[Ints, Ints]:
    """Positions of a channel's sessions: (converting, others)."""
    mine = [SHAPES[p.shape][p.touch].channel == channel for p in pieces(dice, day)]
    ends = np.cumsum([0] + [piece.count for piece in pieces(dice, day)])
    first, last = mine.index(True), len(mine) - mine[::-1].index(True)
    counts, base = _others(dice, day), converting(dice, day)
    low = base + int(counts[:channel].sum())
    return np.arange(ends[first], ends[last]), np.arange(low, low + int(counts[channel]))


def sessions(dice: Dice, day: int, first: int = 0, last: int | None = None) -> Sessions:
    """The sessions of a shop day, or those at positions [first, last)."""
    if first == 0 and last is None and dice.is_small:
        return _cached(dice, day)
    end = session_count(dice, day) if last is None else last
    return sessions_at(dice, day, np.arange(first, end, dtype=np.int64))


@lru_cache(maxsize=64)
def _cached(dice: Dice, day: int) -> Sessions:
    return sessions_at(dice, day, np.arange(session_count(dice, day), dtype=np.int64))


def sessions_at(dice: Dice, day: int, position: Ints) -> Sessions:
    """The sessions of a shop day at these positions."""
    base = converting(dice, day)
    is_path = position < base
    where = np.flatnonzero(is_path)
    path = _path(dice, day, position[where])
    bought = _orders_of(dice, path)
    ref = day * SPAN + position
    person, channel, country = _who(dice, day, ref, position)
    person[where], country[where] = bought[0], bought[3]
    channel[where] = _channels()[path.shape, path.touch]
    started = moment(day, dice.uniform("session.second", ref))
    before = _before_order(dice, day, ref[where], path, bought[1])
    started[where] = np.where(path.order_day == day, before, started[where])
    return _columns(dice, day, (ref, position, person, channel, started, country), (where, path, bought))


def buying_positions(dice: Dice, day: int, order_position: Ints) -> Ints:
    """Where the last session of each web order stands among the sessions of its day."""
    shape, place = shape_of(dice, day, order_position), shuffle(dice, day).place(order_position)
    starts = np.zeros(len(SHAPES), dtype=np.int64)
    at = 0
    for piece in pieces(dice, day):
        if SHAPES[piece.shape][piece.touch].is_last:
            starts[piece.shape] = at
        at += piece.count
    found: Ints = starts[shape] + place - cuts(dice, day)[shape]
    return found


def _others(dice: Dice, day: int) -> Ints:
    """Sessions of non-buyers per channel."""
    total = max(20.0, SESSIONS_A_DAY * dice.scale * traffic(dice, day) * 0.936)
    rising = np.concatenate(([0.0], np.cumsum(SHARES / SHARES.sum()))) * total
    ends = (rising + 0.5).astype(np.int64)
    return np.asarray(ends[1:] - ends[:-1], dtype=np.int64)


def _who(dice: Dice, day: int, ref: Ints, position: Ints) -> tuple[Ints, Ints, Ints]:
    """(person, channel, country) as if nobody bought."""
    base, counts = converting(dice, day), _others(dice, day)
    channel = np.searchsorted(np.cumsum(counts), position - base, side="right")
    pool = max(50, int(SESSIONS_A_DAY * dice.scale * 12))
    returns = dice.chance("visitor.returns", ref, 0.38)
    person = VISITOR + np.where(returns, dice.below("visitor", ref, pool), ref)
    spread = np.searchsorted(np.cumsum(COUNTRY_SHARES), even(dice, day, position, STEP_COUNTRY), side="right")
    country = np.where(channel < 2, spread, dice.pick("visitor.country", ref, COUNTRY_SHARES))
    return person, np.minimum(channel, len(CHANNELS) - 1), np.minimum(country, 3)


def _path(dice: Dice, day: int, position: Ints) -> _Path:
    """The order and the touch behind each converting session."""
    parts: tuple[Piece, ...] = pieces(dice, day)
    ends = np.cumsum([piece.count for piece in parts])
    found = np.searchsorted(ends, position, side="right")
    order_day, low, count, shape, touch = (
        np.array([getattr(piece, name) for piece in parts], dtype=np.int64)[found]
        for name in ("order_day", "low", "count", "shape", "touch")
    )
    place = low + position - (ends[found] - count)
    order_position = np.zeros(len(position), dtype=np.int64)
    for that in np.unique(order_day):
        mine = order_day == that
        order_position[mine] = shuffle(dice, int(that)).index(place[mine])
    return _Path(order_day, order_position, shape, touch)


def _orders_of(dice: Dice, path: _Path) -> tuple[Ints, Ints, Ints, Ints, Flags]:
    """(person, created_at, total, country, tracked) of the orders behind converting sessions."""
    person, created, total, country = (np.zeros(len(path.shape), dtype=np.int64) for _ in range(4))
    tracked = np.zeros(len(path.shape), dtype=np.bool_)
    for that in np.unique(path.order_day):
        mine = np.flatnonzero(path.order_day == that)
        found = as_of(orders_at(dice, int(that), path.order_position[mine]), AS_PLACED)
        person[mine], created[mine], total[mine] = found.person, found.created_at, found.total
        country[mine], tracked[mine] = found.country, found.tracked
    return person, created, total, country, tracked


def _before_order(dice: Dice, day: int, ref: Ints, path: _Path, created: Ints) -> Ints:
    """Session starts on the order's own day: before the order, in the order of the touches."""
    into = (created - midnight(day)) // SECOND
    last = np.minimum(120 + dice.below("session.buying", ref, 1_400), into // 5)
    early = (into * (0.1 + 0.6 * dice.uniform("session.early", ref))).astype(np.int64)
    is_last = _lasts()[path.shape, path.touch]
    seconds = np.where(is_last, into - last, early)
    return midnight(day) + seconds * SECOND


def _columns(
    dice: Dice,
    day: int,
    basics: tuple[Ints, Ints, Ints, Ints, Ints, Ints],
    buyers: tuple[Ints, _Path, tuple[Ints, Ints, Ints, Ints, Flags]],
) -> Sessions:
    ref, position, person, channel, started, country = basics
    where, path, (_, created, total, _, tracked) = buyers
    number, client, since = browser(dice, ref, person, started)
    paid = channel < 2
    slot = _slots(dice, day, channel, country, even(dice, day, position, STEP_SLOT))
    buys = _place(where, _lasts()[path.shape, path.touch], len(ref)).astype(np.bool_)
    quick = 1 + np.log(1 - dice.uniform("session.events", ref)) / np.log(1 - 1 / 7.6)
    events = np.minimum(quick, 190).astype(np.int64) + np.where(buys, 7, 0)
    denied = np.where((country == 1) | (country == 2), _EU, _ELSEWHERE)
    return Sessions(
        ref=ref,
        position=position,
        person=person,
        channel=channel,
        started_at=started,
        number=number,
        client=client,
        client_since=since,
        device=device(dice, person, ref),
        country=country,
        slot=slot,
        click=np.where(paid, (dice.words("click", ref) >> np.uint64(1)).astype(np.int64), 0),
        click_at=np.where(paid, started - (1 + dice.below("click.wait", ref, 4)) * SECOND, 0),
        page=dice.below("session.page", ref, PAGES),
        spelling=np.where(dice.chance("session.spoilt", ref, 0.02), 1 + dice.below("session.spelling", ref, 4), 0),
        events=events,
        engaged=(events >= 3) | dice.chance("session.engaged", ref, 0.35),
        consent=~dice.chance("session.denied", person, denied),
        login=(person < VISITOR) & dice.chance("session.login", ref, 0.55),
        shape=_place(where, path.shape, len(ref), -1),
        touch=_place(where, path.touch, len(ref), -1),
        order_ref=_place(where, path.order_day * DAY_SPAN + path.order_position, len(ref), -1),
        order_at=_place(where, created, len(ref)),
        order_total=_place(where, total, len(ref)),
        buys=buys,
        tracked=buys & _place(where, tracked.astype(np.int64), len(ref)).astype(np.bool_),
    )


def _place(where: Ints, values: Ints | Flags, size: int, otherwise: int = 0) -> Ints:
    column = np.full(size, otherwise, dtype=np.int64)
    column[where] = values
    return column


def _slots(dice: Dice, day: int, channel: Ints, country: Ints, spread: Reals) -> Ints:
    """The ad or campaign behind each paid session: one of the account that speaks to the visitor's country."""
    slot = np.full(len(channel), -1, dtype=np.int64)
    for platform, paid in ((GOOGLE, channel == 0), (META, channel == 1)):
        account = BY_COUNTRY[platform][country]
        for place in range(len(ACCOUNTS)):
            mine = paid & (account == place)
            if mine.any():
                found = np.searchsorted(slot_curve(dice, place, day), spread[mine], side="right")
                slots = catalog(dice).slots_of(place)
                slot[mine] = slots[np.minimum(found, len(slots) - 1)]
    return slot


@lru_cache(maxsize=1)
def _channels() -> Ints:
    return _table("channel")


@lru_cache(maxsize=1)
def _lasts() -> Flags:
    return _table("is_last").astype(np.bool_)


def _table(name: str) -> Ints:
    widest = max(map(len, SHAPES))
    rows = [[int(getattr(t, name)) for t in shape] + [0] * (widest - len(shape)) for shape in SHAPES]
    return np.array(rows, dtype=np.int64)
