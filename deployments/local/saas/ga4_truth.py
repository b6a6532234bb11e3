"""What is true about web sessions and the event export, for tests: counted from columns, by other code.

Nothing here slices, skips or renders; every day is planned whole, so a mistake in the fast path cannot hide.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import numpy as np

from deployments.local.saas.ga4_plan import PURCHASE, Events, Visits, plan, visits
from deployments.local.saas.hashing import Flags
from deployments.local.saas.seasons import SECOND, local_day, micros, number
from deployments.local.saas.world import World


def sessions_of_day(world: World, day: date, instant: datetime | None = None) -> int:
    """Distinct (user_pseudo_id, ga_session_id) that started on a property day.

    With an instant: those of which an event was exported by then. Sessions without consent have no id.
    """
    seen, events = _whole(world, day)
    web = seen.web
    shown = np.zeros(len(web), dtype=np.bool_)
    shown[events.session[_visible(events, instant)]] = True
    keys = zip(web.client, web.client_since, web.started_at // SECOND, shown & web.consent, strict=True)
    return len({(client, since, start) for client, since, start, counts in keys if counts})


def events_visible(world: World, start: date, instant: datetime) -> dict[tuple[date, bool], int]:
    """Distinct events exported by an instant, by (property day, late); sessions from `start` on."""
    found: dict[tuple[date, bool], int] = {}
    for _, events in _days(world, start, instant):
        visible = _visible(events, instant)
        days, lags = local_day(events.at)[visible], events.lag[visible]
        for day, lag in zip(days.tolist(), lags.tolist(), strict=True):
            key = (date(1970, 1, 1) + timedelta(days=day), lag > 0)
            found[key] = found.get(key, 0) + 1
    return found


def purchases_visible(world: World, start: date, instant: datetime) -> dict[tuple[date, bool], tuple[int, int]]:
    """(purchase events, their revenue in US cents) exported by an instant, by (property day, late)."""
    found: dict[tuple[date, bool], tuple[int, int]] = {}
    for seen, events in _days(world, start, instant):
        sold = events.take(_visible(events, instant) & (events.kind == PURCHASE))
        for day, lag, session in zip(local_day(sold.at), sold.lag, sold.session, strict=True):
            key = (date(1970, 1, 1) + timedelta(days=int(day)), bool(lag > 0))
            count, revenue = found.get(key, (0, 0))
            found[key] = (count + 1, revenue + int(seen.web.order_total[session]))
    return found


def _visible(events: Events, instant: datetime | None) -> Flags:
    limit = 1 << 61 if instant is None else micros(instant)
    return np.asarray(events.exported_at <= limit, dtype=np.bool_)


def _days(world: World, start: date, instant: datetime) -> Iterator[tuple[Visits, Events]]:
    for day in range(number(start), instant.date().toordinal() - date(1970, 1, 1).toordinal() + 1):
        yield _whole(world, date(1970, 1, 1) + timedelta(days=day))


def _whole(world: World, day: date) -> tuple[Visits, Events]:
    seen = visits(world.dice, world.sessions(day))
    return seen, plan(world.dice, seen)
