"""Which browser and device a session comes from: buyers keep one or two, some share a household's."""

from __future__ import annotations

import numpy as np

from deployments.local.saas.hashing import Dice, Ints
from deployments.local.saas.people import birth_of
from deployments.local.saas.seasons import SECOND

VISITOR = 1 << 40  # people from here on never bought anything
DEVICES = ("mobile", "desktop", "tablet")


def browser(dice: Dice, ref: Ints, person: Ints, started: Ints) -> tuple[Ints, Ints, Ints]:
    """(session number, client, client since): buyers keep one or two browsers, some share a household's."""
    is_new = (person >= VISITOR) & (person - VISITOR == ref)
    second = dice.chance("browser.second", ref, 0.25)
    shared = dice.chance("browser.shared", ref, 0.05) & (person < VISITOR)
    owner = np.where(shared, person ^ 1, person) * 2 + second
    client = dice.below("browser.client", np.where(is_new, ref, owner), 2_147_483_647)
    known = np.where(person < VISITOR, birth_of(np.where(person < VISITOR, owner // 2, 0)) - 30, 20_000)
    since = (known - dice.below("browser.since", owner, 60)) * 86_400 + dice.below("browser.clock", owner, 86_400)
    number = np.where(is_new, 1, 2 + dice.below("session.number", ref, 14))
    return number, client, np.where(is_new, started // SECOND, np.minimum(since, started // SECOND - 60))


def device(dice: Dice, person: Ints, ref: Ints) -> Ints:
    """A person's usual device, another one in every fourth session."""
    shares = np.array([0.65, 0.32, 0.03])
    usual, other = dice.pick("device.usual", person, shares), dice.pick("device.other", ref, shares)
    return np.where(dice.chance("browser.second", ref, 0.25), other, usual)
