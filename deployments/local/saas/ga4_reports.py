"""The `ga4` system: reports of the Data API, a band control for the event export and never equal to it.

The API answers with estimates and models what consent withheld. So counts differ from the export by one to three
percent, by the same share all day long; money and key events are counted, not modelled.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from deployments.local.saas.blocks import Block, Record, Request, Stream, blocks
from deployments.local.saas.ga4_export import Slice, exported_of_day
from deployments.local.saas.ga4_plan import NAMES, PURCHASE
from deployments.local.saas.ga4_traffic import seen_origin
from deployments.local.saas.hashing import Dice, Ints, Reals
from deployments.local.saas.seasons import SHOP_ZONE, date_of, midnight
from deployments.local.saas.world import World

PROPERTY = "331700042"
LOOK_BACK = 4  # days
_LEAST, _MOST, _ABOVE = 0.011, 0.029, 0.7  # deviation from the export; share of days above it
_CLOCK = 1 << 31  # beyond every second a browser was first seen
Row = dict[str, int]
Totals = dict[tuple[str, ...], Row]
Report = Callable[[World, int, int], Iterator[Record]]


def deviation(dice: Dice, day: int) -> float:
    """The API's figures of a day against the export's: between 0.971 and 1.029, never closer than 0.011 to 1."""
    size = _LEAST + (_MOST - _LEAST) * dice.one("ga4.deviation", day)
    return 1 + size if dice.one("ga4.deviation.side", day) < _ABOVE else 1 - size


def sessions_by_channel(world: World, day: int, until: int) -> Iterator[Record]:
    """The custom report of a property day as of `until` (microseconds UTC)."""
    totals, browsers = _sessions(world, day, until)
    rows = sorted(totals)
    columns = {name: [totals[row][name] for row in rows] for name in ("sessions", "engaged", "events")}
    share = deviation(world.dice, day)
    shown = {name: _scaled(values, share) for name, values in columns.items()}
    users = _scaled([len(browsers[row]) for row in rows], share)
    for n, row in enumerate(rows):
        sessions, engaged = shown["sessions"][n], min(shown["engaged"][n], shown["sessions"][n])
        yield {
            "property_id": PROPERTY,
            "date": f"{date_of(day):%Y%m%d}",
            "sessionSource": row[0],
            "sessionMedium": row[1],
            "sessionCampaignName": row[2],
            "sessionDefaultChannelGroup": row[3],
            "sessions": sessions,
            "engagedSessions": engaged,
            "totalUsers": min(users[n], sessions),
            "keyEvents": float(totals[row]["purchases"]),
            "purchaseRevenue": totals[row]["revenue"] / 100,
            "eventCount": shown["events"][n],
            "engagementRate": engaged / sessions if sessions else 0.0,
            "eventsPerSession": shown["events"][n] / sessions if sessions else 0.0,
        }


def events_report(world: World, day: int, until: int) -> Iterator[Record]:
    """Events by name of a property day as of `until`."""
    counts = np.zeros(len(NAMES), dtype=np.int64)
    users: list[set[int]] = [set() for _ in NAMES]
    for part in _parts(world, day, until):
        counts += np.bincount(part.events.kind, minlength=len(NAMES))
        browser = _browsers(part)[part.events.session]
        for kind, found in enumerate(users):
            found.update(browser[(part.events.kind == kind) & (browser >= 0)].tolist())
    share = deviation(world.dice, day)
    known = _scaled([len(found) for found in users], share)
    for name, count, total in zip(NAMES, _scaled(counts.tolist(), share), known, strict=True):
        if count:
            yield {
                "property_id": PROPERTY,
                "date": f"{date_of(day):%Y%m%d}",
                "eventName": name,
                "eventCount": count,
                "totalUsers": min(total, count),
                "eventCountPerUser": count / total if total else 0.0,
            }


def _sessions(world: World, day: int, until: int) -> tuple[Totals, dict[tuple[str, ...], set[int]]]:
    """Figures and browsers by source, medium, campaign and channel group."""
    totals: Totals = {}
    browsers: dict[tuple[str, ...], set[int]] = {}
    for part in _parts(world, day, until):
        for key, figures, found in _grouped(world.dice, part):
            row = totals.setdefault(key, dict.fromkeys(figures, 0))
            for name, value in figures.items():
                row[name] += value
            browsers.setdefault(key, set()).update(found)
    return totals, browsers


def _grouped(dice: Dice, part: Slice) -> Iterator[tuple[tuple[str, ...], Row, list[int]]]:
    """One entry per (channel, slot, spelling) among the sessions of a slice that carry an id."""
    web, events = part.seen.web, part.events
    events_of = np.bincount(events.session, minlength=len(web))
    bought = np.bincount(events.session[events.kind == PURCHASE], minlength=len(web))
    there = np.flatnonzero((events_of > 0) & web.consent)
    slots = np.stack([web.channel[there], web.slot[there], web.spelling[there]], axis=1)
    found, which = np.unique(slots, axis=0, return_inverse=True)
    columns = {
        "sessions": np.ones(len(there), dtype=np.int64),
        "engaged": web.engaged[there].astype(np.int64),
        "events": events_of[there],
        "purchases": bought[there],
        "revenue": (bought * web.order_total)[there],
    }
    sums = {name: _summed(which.ravel(), column, len(found)) for name, column in columns.items()}
    browser = _browsers(part)[there]
    for n, slot in enumerate(found.tolist()):
        seen = seen_origin(dice, *slot)
        figures = {name: values[n] for name, values in sums.items()}
        yield (seen.source, seen.medium, seen.campaign, seen.group), figures, browser[which.ravel() == n].tolist()


def _parts(world: World, day: int, until: int) -> Iterator[Slice]:
    """What the API has processed of the sessions that started on a property day."""
    yield from exported_of_day(world, day, after=midnight(day), until=until)


def _browsers(part: Slice) -> Ints:
    """A number per browser; -1 without consent."""
    web = part.seen.web
    return np.where(web.consent, web.client * _CLOCK + web.client_since % _CLOCK, -1)


def _summed(which: Ints, values: Ints, size: int) -> list[int]:
    sums = np.zeros(size, dtype=np.int64)
    np.add.at(sums, which, values)
    found: list[int] = sums.tolist()
    return found


def _scaled(values: list[int], share: float) -> list[int]:
    """Whole numbers in proportion whose sum is the scaled sum, rounded."""
    rising: Reals = np.cumsum([0, *values]) * share
    scaled: list[int] = np.diff(np.floor(rising + 0.5)).astype(np.int64).tolist()
    return scaled


def _read(report: Report, world: World, request: Request) -> Iterator[Block]:
    days = request.days(SHOP_ZONE, LOOK_BACK)
    yield from blocks(record for day in days for record in report(world, day, request.until_micros))


STREAMS: dict[str, Stream] = {
    "sessions_by_channel": partial(_read, sessions_by_channel),
    "events_report": partial(_read, events_report),
}
