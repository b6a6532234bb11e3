"""The event export counted from columns, by other code than the one that sends it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from deployments.local.saas.ga4_plan import PURCHASE, Events, Visits
from deployments.local.saas.ga4_truth import exported_by, whole
from deployments.local.saas.seasons import local_day, number
from deployments.local.saas.world import World


def events_visible(world: World, start: date, instant: datetime) -> dict[tuple[date, bool], int]:
    """Distinct events exported by an instant, by (property day, late); sessions from `start` on."""
    found: dict[tuple[date, bool], int] = {}
    for _, events in _days(world, start, instant):
        visible = exported_by(events, instant)
        days, lags = local_day(events.at)[visible], events.lag[visible]
        for day, lag in zip(days.tolist(), lags.tolist(), strict=True):
            key = (date(1970, 1, 1) + timedelta(days=day), lag > 0)
            found[key] = found.get(key, 0) + 1
    return found


def purchases_visible(world: World, start: date, instant: datetime) -> dict[tuple[date, bool], tuple[int, int]]:
    """(purchase events, their revenue in US cents) exported by an instant, by (property day, late)."""
    found: dict[tuple[date, bool], tuple[int, int]] = {}
    for seen, events in _days(world, start, instant):
        sold = events.take(exported_by(events, instant) & (events.kind == PURCHASE))
        for day, lag, session in zip(local_day(sold.at), sold.lag, sold.session, strict=True):
            key = (date(1970, 1, 1) + timedelta(days=int(day)), bool(lag > 0))
            count, revenue = found.get(key, (0, 0))
            found[key] = (count + 1, revenue + int(seen.web.order_total[session]))
    return found


def _days(world: World, start: date, instant: datetime) -> Iterator[tuple[Visits, Events]]:
    for day in range(number(start), instant.date().toordinal() - date(1970, 1, 1).toordinal() + 1):
        yield whole(world, date(1970, 1, 1) + timedelta(days=day))
