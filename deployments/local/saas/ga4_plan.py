"""Which events a web session has, when each happened, and when the export job carried it away.

Everything is a column over events and a pure function of (session, position), so any slice of sessions or of
time gives the same events. No text is made here: counts, reports and controls need columns only.
"""

from dataclasses import dataclass

import numpy as np

from deployments.local.saas.edits import AS_PLACED, as_of
from deployments.local.saas.hashing import Dice, Flags, Ints
from deployments.local.saas.journeys import Sessions
from deployments.local.saas.orders import DAY_SPAN, PRODUCTS, Orders, orders_at
from deployments.local.saas.seasons import SECOND

NAMES = (
    "session_start",
    "first_visit",
    "page_view",
    "scroll",
    "user_engagement",
    "view_item",
    "add_to_cart",
    "begin_checkout",
    "purchase",
)
START, FIRST_VISIT, PAGE_VIEW, SCROLL, ENGAGEMENT, VIEW_ITEM, ADD_TO_CART, CHECKOUT, PURCHASE = range(9)
NEVER = 1 << 62  # exported_at of an event that no job ever sees
DAY = 86_400 * SECOND
JOB_EVERY, JOB_NEEDS = 1_800 * SECOND, 900 * SECOND
LONGEST = 4 * 3_600 * SECOND  # no session lasts longer
LATEST = 3  # days a late event may need
MOST_EVENTS = 200
FIRST_PRODUCT_PAGE, CHECKOUT_PAGE, THANKS_PAGE = 40, 40 + PRODUCTS, 41 + PRODUCTS
_PER_SESSION = 256
_LATE_CURVE = np.cumsum([0.0002, 0.001, 0.004, 0.01])  # never, three days, two, one; the rest in time
_LAGS = np.array([-1, 3, 2, 1, 0], dtype=np.int64)
_TWICE, _TWIN, _CART = 0.015, 0.001, 0.06
_BODY = np.cumsum([0.42, 0.15, 0.2])  # page_view, scroll, user_engagement; the rest view_item
_BODY_KINDS = np.array([PAGE_VIEW, SCROLL, ENGAGEMENT, VIEW_ITEM], dtype=np.int64)
# By how many events follow: the way to an order, the way to a cart that is left behind.
_TO_ORDER = np.array([ENGAGEMENT, PURCHASE, CHECKOUT, ADD_TO_CART, VIEW_ITEM], dtype=np.int64)
_TO_CART = np.array([ENGAGEMENT, ADD_TO_CART, VIEW_ITEM], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Visits:
    """Sessions of one shop day with what the export adds: one entry each.

    `events` counts the session's events, `purchases` how often its purchase event fires (0, 1 or 2), `product` is
    what the visitor came for; `bought` holds the orders of the sessions in `buyers`.
    """

    web: Sessions
    events: Ints
    purchases: Ints
    leaves_cart: Flags
    product: Ints
    buyers: Ints
    bought: Orders

    def __len__(self) -> int:
        return len(self.web)


@dataclass(frozen=True, slots=True)
class Events:
    """Events as columns; `session` is the row in the visits they were planned from.

    `page_at` is when the page was loaded; `place` and `came_from` are numbers of pages; `first` marks the events
    of the landing page; `lag` is how many days late the event came (-1: never exported).
    """

    session: Ints
    number: Ints
    position: Ints
    kind: Ints
    at: Ints
    previous_at: Ints
    page_at: Ints
    place: Ints
    came_from: Ints
    product: Ints
    first: Flags
    engaged: Flags
    lag: Ints
    exported_at: Ints

    def __len__(self) -> int:
        return len(self.session)

    def take(self, chosen: Ints | Flags) -> "Events":
        """Some of the events."""
        return Events(**{name: getattr(self, name)[chosen] for name in Events.__slots__})


@dataclass(frozen=True, slots=True)
class _Steps:
    """Where each event stands in its session; `left` counts the events after it."""

    session: Ints
    position: Ints
    left: Ints
    number: Ints
    tick: Ints


def visits(dice: Dice, web: Sessions) -> Visits:
    """What the export needs to know of sessions of one shop day."""
    buys = web.buys & web.tracked
    purchases = np.where(buys, 1 + dice.chance("ga4.twice", web.ref, _TWICE), 0)
    leaves = ~buys & dice.chance("ga4.cart", web.ref, _CART)
    floor = np.where(buys, 8 + purchases, np.where(leaves, 6, 2))
    events = np.minimum(np.maximum(web.events, floor + (web.number == 1)), MOST_EVENTS)
    buyers = np.flatnonzero(buys).astype(np.int64)
    day = int(web.order_ref[buyers[0]]) // DAY_SPAN if len(buyers) else 0
    bought = as_of(orders_at(dice, day, web.order_ref[buyers] % DAY_SPAN), AS_PLACED)
    product = dice.below("ga4.interest", web.ref, PRODUCTS)
    product[buyers] = bought.product[:, 0]
    return Visits(web, events, purchases, leaves, product, buyers, bought)


def with_late_events(dice: Dice, seen: Visits) -> Flags:
    """The sessions of which some event came a day late or more."""
    steps = _steps(seen)
    late = _lag(dice, steps.number) > 0
    return np.asarray(np.bincount(steps.session[late], minlength=len(seen)) > 0, dtype=np.bool_)


def plan(dice: Dice, seen: Visits) -> Events:
    """All events of these sessions, session by session, in order of time."""
    web, steps = seen.web, _steps(seen)
    session, position = steps.session, steps.position
    kind, at, lag = _kinds(dice, seen, steps), _times(dice, seen, steps), _lag(dice, steps.number)
    browsed = dice.below("ga4.browsed", steps.number, PRODUCTS)
    product = np.where(steps.left < 5, seen.product[session], browsed)
    place = _places(dice, steps, kind, product)
    row = np.arange(len(session), dtype=np.int64)
    loads = (position == 0) | (kind == PAGE_VIEW) | (kind == VIEW_ITEM) | (kind >= CHECKOUT)
    loaded = np.maximum.accumulate(np.where(loads, row, 0))
    before = loaded[np.maximum(loaded - 1, 0)]
    landing, first = web.page[session], steps.tick == 0
    return Events(
        session=session,
        number=steps.number,
        position=position,
        kind=kind,
        at=at,
        previous_at=np.where(position > 0, np.roll(at, 1), 0),
        page_at=at[loaded],
        place=np.where(steps.tick[loaded] == 0, landing, place[loaded]),
        came_from=np.where(steps.tick[before] == 0, landing, place[before]),
        product=product,
        first=first,
        engaged=web.engaged[session] & (~first | (steps.left == 0)),
        lag=lag,
        exported_at=np.where(lag < 0, NEVER, job_after(at) + lag * DAY),
    )


def job_after(at: Ints) -> Ints:
    """The half-hourly job that carries an event of this instant: 15 to 45 minutes later."""
    return -(-(at + JOB_NEEDS) // JOB_EVERY) * JOB_EVERY


def twins(dice: Dice, events: Events) -> Flags:
    """The events that the job wrote twice, byte for byte."""
    return dice.chance("ga4.twin", events.number, _TWIN)


def _steps(seen: Visits) -> _Steps:
    session = np.repeat(np.arange(len(seen), dtype=np.int64), seen.events)
    starts = np.cumsum(seen.events) - seen.events
    position = np.arange(len(session), dtype=np.int64) - starts[session]
    opening = (1 + (seen.web.number == 1))[session]
    tick = np.where(seen.web.consent[session], np.maximum(position - opening, 0), position // 3)
    left = seen.events[session] - 1 - position
    return _Steps(session, position, left, seen.web.ref[session] * _PER_SESSION + position, tick)


def _lag(dice: Dice, number: Ints) -> Ints:
    return _LAGS[np.searchsorted(_LATE_CURVE, dice.uniform("ga4.late", number), side="right")]


def _kinds(dice: Dice, seen: Visits, steps: _Steps) -> Ints:
    """The opening, then browsing, then (for some) the way to the cart or the order."""
    session, position, left = steps.session, steps.position, steps.left
    browsing = _BODY_KINDS[np.searchsorted(_BODY, dice.uniform("ga4.kind", steps.number), side="right")]
    is_new = (seen.web.number == 1)[session]
    opening = np.where(position == 0, START, np.where((position == 1) & is_new, FIRST_VISIT, PAGE_VIEW))
    kind = np.where(position <= 1 + is_new, opening, browsing)
    kind = np.where(seen.web.consent[session], kind, position % 3)  # without a cookie every page starts anew
    kind = np.where((left == 0) & (position > 1 + is_new), ENGAGEMENT, kind)
    twice = (seen.purchases == 2)[session] & (left > 0)
    to_order = _TO_ORDER[np.clip(np.where(twice, np.maximum(left - 1, 1), left), 0, 4)]
    kind = np.where((seen.purchases[session] > 0) & (left < 5 + twice), to_order, kind)
    return np.where(seen.leaves_cart[session] & (left < 3), _TO_CART[np.minimum(left, 2)], kind)


def _times(dice: Dice, seen: Visits, steps: _Steps) -> Ints:
    """Rising within a session; the first purchase event comes within the second after its order."""
    web, session, left = seen.web, steps.session, steps.left
    own_pace = ((4 + dice.uniform("ga4.pace", web.ref) * 36) * SECOND).astype(np.int64)
    buys, at_order = seen.purchases > 0, np.maximum(seen.purchases, 1)
    opening = 1 + (web.number == 1)
    ticks = np.where(web.consent, seen.events - 1 - at_order - opening, (seen.events - 1 - at_order) // 3)
    to_order = np.where(buys, (web.order_at - web.started_at) // np.maximum(ticks, 1), own_pace)
    after = buys[session] & (left <= at_order[session])
    pace = np.where(after, own_pace[session], to_order[session])
    since_order = web.order_at[session] + (at_order[session] - left) * pace
    base = np.where(after, since_order, web.started_at[session] + steps.tick * pace)
    jitter = (dice.uniform("ga4.jitter", steps.number) * np.minimum(pace // 2, SECOND)).astype(np.int64)
    grouped = (steps.tick == 0) | (~web.consent[session] & ~after)
    return base + np.where(grouped, 0, jitter)


def _places(dice: Dice, steps: _Steps, kind: Ints, product: Ints) -> Ints:
    """The page each event would load."""
    shown = FIRST_PRODUCT_PAGE + product
    other = dice.below("ga4.page", steps.number, FIRST_PRODUCT_PAGE)
    place = np.where((kind == VIEW_ITEM) | (kind == ADD_TO_CART), shown, other)
    return np.where(kind == CHECKOUT, CHECKOUT_PAGE, np.where(kind == PURCHASE, THANKS_PAGE, place))
