"""What is true about web sessions and the event export, for tests: counted from columns, by other code.

Nothing here slices, skips or renders; every day is planned whole, so a mistake in the fast path cannot hide.
"""

from datetime import date, datetime

import numpy as np

from deployments.local.saas.ga4_plan import Events, Visits, plan, visits
from deployments.local.saas.hashing import Flags
from deployments.local.saas.seasons import SECOND, micros
from deployments.local.saas.world import World


def sessions_of_day(world: World, day: date, instant: datetime | None = None) -> int:
    """Distinct (user_pseudo_id, ga_session_id) that started on a property day.

    With an instant: those of which an event was exported by then. Sessions without consent have no id.
    """
    seen, events = whole(world, day)
    web = seen.web
    shown = np.zeros(len(web), dtype=np.bool_)
    shown[events.session[exported_by(events, instant)]] = True
    keys = zip(web.client, web.client_since, web.started_at // SECOND, shown & web.consent, strict=True)
    return len({(client, since, start) for client, since, start, counts in keys if counts})


def exported_by(events: Events, instant: datetime | None) -> Flags:
    """Which events were exported by an instant; without one all of them."""
    limit = 1 << 61 if instant is None else micros(instant)
    return np.asarray(events.exported_at <= limit, dtype=np.bool_)


def whole(world: World, day: date) -> tuple[Visits, Events]:
    """Everything that happens on a property day."""
    seen = visits(world.dice, world.sessions(day))
    return seen, plan(world.dice, seen)
