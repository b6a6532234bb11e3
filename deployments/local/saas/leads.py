"""CRM contacts: buyers who left their address before they bought, and many who never buy.

Buyers' leads are strata of the web newcomers of a day: a reordering cut by the days between lead and order.
Everything a contact ever becomes is a column; the state at an instant is what lies before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from deployments.local.saas.hashing import Dice, Flags, Ints, Reals, Shuffle, unit
from deployments.local.saas.journeys import buying_positions, converting, session_count, sessions_at
from deployments.local.saas.orders import COUNTRY_SHARES, created_at
from deployments.local.saas.people import COHORT, roster
from deployments.local.saas.seasons import SECOND, midnight, moment, traffic

STAGES = ("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer")
LONGEST_LEAD = 45
LEAD_SHARE, LOOKERS_A_DAY = 0.4, 50_000
# Days after creation on which a share of the contacts opens, clicks or visits again.
ENGAGED_AFTER = (1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 15, 18, 21, 25, 30, 36, 43, 52, 62, 75)
ENGAGED_SHARE = 0.76
LOOKER_ID = 1_000_000_000_000


@dataclass(frozen=True, slots=True)
class Contacts:
    """Columns of contacts; instants are microseconds UTC, 0 for never.

    `entered` has one column per stage of STAGES, `engaged` one per entry of ENGAGED_AFTER. `channel` and
    `click` are those of the session that brought the contact; channel -1: offline.
    """

    id: Ints
    person: Ints
    created_at: Ints
    country: Ints
    channel: Ints
    slot: Ints
    click: Ints
    page: Ints
    entered: Ints
    engaged: Ints

    def __len__(self) -> int:
        return len(self.id)

    def take(self, chosen: Ints | Flags) -> Contacts:
        """Some of the contacts."""
        return Contacts(**{name: getattr(self, name)[chosen] for name in Contacts.__slots__})

    def updated_at(self, instant: int) -> Ints:
        """The last thing that happened to each contact up to an instant."""
        events = np.concatenate((self.created_at[:, None], self.entered, self.engaged), axis=1)
        return np.asarray(np.where(events <= instant, events, 0).max(axis=1), dtype=np.int64)

    def stage(self, instant: int) -> Ints:
        """The furthest stage entered by an instant, as a position in STAGES."""
        reached = (self.entered > 0) & (self.entered <= instant)
        return np.asarray(np.where(reached, np.arange(len(STAGES)), 0).max(axis=1), dtype=np.int64)


def contacts(dice: Dice, day: int) -> Contacts:
    """The contacts created on a shop day."""
    return _kept(dice, day) if dice.is_small else _contacts(dice, day)


@lru_cache(maxsize=256)
def _kept(dice: Dice, day: int) -> Contacts:
    return _contacts(dice, day)


def _contacts(dice: Dice, day: int) -> Contacts:
    return join([_buyers(dice, day), _lookers(dice, day)])


def join(parts: list[Contacts]) -> Contacts:
    """Several sets of contacts as one."""
    return Contacts(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in Contacts.__slots__})


def _buyers(dice: Dice, day: int) -> Contacts:
    """Contacts of a day who place their first order 0..45 days later."""
    found = [_numbers(dice, day + lag, lag) for lag in range(LONGEST_LEAD + 1)]
    lag = np.repeat(np.arange(LONGEST_LEAD + 1), [len(numbers) for numbers in found])
    number = np.concatenate(found)
    person = (day + lag) * COHORT + number
    bought = np.concatenate([created_at(dice, day + n, numbers) for n, numbers in enumerate(found)])
    seen = sessions_at(dice, day, buying_positions(dice, day, found[0]))
    created = moment(day, dice.uniform("lead.second", person))
    created[: len(seen)] = seen.started_at + 20 * SECOND
    bought = np.where(bought > created, bought, created + SECOND)
    return Contacts(
        id=person,
        person=person,
        created_at=created,
        country=dice.pick("country", person, COUNTRY_SHARES),
        channel=_known(seen.channel, lag),
        slot=_known(seen.slot, lag),
        click=np.maximum(_known(seen.click, lag), 0),
        page=_known(seen.page, lag),
        entered=_stages(dice, person, created, bought),
        engaged=_engaged(dice, person, day),
    )


def _numbers(dice: Dice, birth: int, lag: int) -> Ints:
    """Which of the web newcomers of a day left their address `lag` days before."""
    size = int(roster(dice, birth).webs[0])
    low, high = (int(size * LEAD_SHARE * _lag_curve()[n] + 0.5) for n in (lag, lag + 1))
    return Shuffle.of(dice, "lead", birth, size).index(np.arange(low, high, dtype=np.int64))


def _known(seen: Ints, lag: Ints) -> Ints:
    """What is known from the session of those who bought at once; -1 for the others."""
    column = np.full(len(lag), -1, dtype=np.int64)
    column[: len(seen)] = seen
    return column


def _lookers(dice: Dice, day: int) -> Contacts:
    """Contacts of a day who never buy; each comes from a session of that day."""
    count = max(3, dice.rounded(LOOKERS_A_DAY * dice.scale * traffic(dice, day), "lookers", day))
    base, size = converting(dice, day), session_count(dice, day)
    number = LOOKER_ID + day * COHORT + np.arange(count, dtype=np.int64)
    visits = Shuffle.of(dice, "looker", day, size - base).index(np.arange(count, dtype=np.int64))
    seen = sessions_at(dice, day, base + visits)
    created = np.minimum(seen.started_at + 45 * SECOND, midnight(day + 1) - SECOND)
    return Contacts(
        id=number,
        person=seen.person,
        created_at=created,
        country=seen.country,
        channel=seen.channel,
        slot=seen.slot,
        click=seen.click,
        page=seen.page,
        entered=_stages(dice, number, created, np.zeros(count, dtype=np.int64)),
        engaged=_engaged(dice, number, day),
    )


def _stages(dice: Dice, entity: Ints, created: Ints, bought: Ints) -> Ints:
    """When each stage is entered; nobody moves up between the stages after the order."""
    last = np.where(bought > 0, bought, np.iinfo(np.int64).max)
    subscriber = np.where(dice.chance("stage.subscriber", entity, 0.5), created, 0)
    columns, at, going = [subscriber], created, np.ones(len(entity), dtype=np.bool_)
    for name, share, days in (("lead", 1.0, 0.0), ("mql", 0.45, 9.0), ("sql", 0.4, 12.0), ("opportunity", 0.6, 8.0)):
        wait = (dice.uniform(f"stage.{name}.wait", entity) ** 2 * days * 86_400).astype(np.int64) * SECOND
        going = going & dice.chance(f"stage.{name}", entity, share) & (at + wait < last)
        at = np.where(going, at + wait, at)
        columns.append(np.where(going, at, 0))
    return np.stack([*columns, bought], axis=1)


def _engaged(dice: Dice, entity: Ints, day: int) -> Ints:
    """When each contact opens, clicks or visits again."""
    columns = []
    for after in ENGAGED_AFTER:
        at = moment(day + after, dice.uniform(f"engaged.second.{after}", entity))
        columns.append(np.where(dice.chance(f"engaged.{after}", entity, ENGAGED_SHARE), at, 0))
    return np.stack(columns, axis=1)


@lru_cache(maxsize=1)
def _lag_curve() -> Reals:
    """Share of leads that buy within 0..45 days."""
    weights = np.exp(-np.arange(LONGEST_LEAD + 1) / 9.0) + 0.01
    weights[0] *= 3
    return np.concatenate(([0.0], np.cumsum(unit(weights))))
