"""Faults for the benchmark of anomalies: what a bad load or a bad day does to the rows of one channel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from expectations.judge.ladder.panel import Floats, Ints, Panel


@dataclass(frozen=True)
class Fault:
    """Factors of spend and volume, how often rows come, and of how many of the campaigns (a share)."""

    name: str
    spend: float = 1.0
    volume: float = 1.0
    times: int = 1
    share: float = 1.0
    target: float | None = None  # the recall that the product promises
    rows_only: bool = False  # seen in the rows alone: a rule on totals has no fair chance
    hours: float = 0.0  # that have no rows


EXACT = (
    Fault("zero spend", 0, 0, target=1.0),
    Fault("missing day", times=0, target=1.0),
    Fault("rows doubled", times=2, target=1.0),
    Fault("a tenth of the rows doubled", times=2, share=0.1, target=1.0, rows_only=True),
    # On four Sundays a year an hour may be the one that clocks skip.
    Fault("an hour missing, rows by hour", 0.96, 0.96, hours=1, target=0.98, rows_only=True),
    Fault("six hours missing, rows by hour", 0.75, 0.75, hours=6, target=1.0, rows_only=True),
    Fault("spend x100", 100, target=1.0),
    Fault("spend x1,000,000", 1e6, target=1.0),
)
SPEND_ONLY = (
    Fault("spend alone x0.5", 0.5, target=0.99),
    Fault("spend alone x2", 2, target=0.99),
    Fault("spend alone x5", 5, target=0.99),
    Fault("spend alone +30 %", 1.3, target=0.70),
    Fault("spend alone x0.8", 0.8, target=0.55),
    Fault("spend alone x1.1", 1.1),
)
WHOLE = (
    Fault("all halved", 0.5, 0.5, target=0.75),
    Fault("all doubled", 2, 2, target=0.75),
    Fault("all x5", 5, 5),
    Fault("all -25 %", 0.75, 0.75),
    Fault("all +30 %", 1.3, 1.3),
    Fault("all -4 %", 0.96, 0.96),
)
FAULTS = EXACT + SPEND_ONLY + WHOLE
CORE = ("zero spend", "all halved", "all doubled", "all x5", "all -25 %", "all +30 %", "spend x100")


def faulty(panel: Panel, channel: int, fault: Fault) -> Panel:
    """The panel with the fault on every day of one channel, to be judged by what was learned without it."""
    mine = panel.campaigns_of(channel)
    hit = mine[: max(1, round(len(mine) * fault.share))]

    def changed(amounts: Floats, factor: float) -> Floats:
        found = amounts.copy()
        found[:, hit] = found[:, hit] * factor * fault.times if fault.times else np.nan
        return found

    hours = None if panel.hours is None else panel.hours.copy()
    if hours is not None:
        hours[:, channel] -= fault.hours
    rows: Ints = panel.rows.copy()
    rows[:, hit] = rows[:, hit] * fault.times
    return replace(
        panel,
        rows=rows,
        hours=hours,
        spend=changed(panel.spend, fault.spend),
        clicks=changed(panel.clicks, fault.volume),
        impressions=changed(panel.impressions, fault.volume),
    )


@dataclass(frozen=True)
class Lasting:
    """A change that stays in the history: the factor of spend and volume by days since it began, and what is asked."""

    name: str
    days: int
    factor: Callable[[int], float]


LASTING = (
    Lasting("echo", 1, lambda _: 5.0),
    Lasting("masking", 8, lambda since: {0: 5.0, 7: 2.0}.get(since, 1.0)),
    Lasting("creep", 14, lambda since: 1.04 ** (since + 1)),
)


def lasting(panel: Panel, channel: int, begins: Ints, fault: Lasting) -> Panel:
    """The panel with the fault in its history, from each of these days on."""
    factor = np.ones((len(panel.days), 1))
    for first in begins:
        for since in range(fault.days):
            if first + since < len(factor):
                factor[first + since] = fault.factor(since)
    mine = panel.campaigns_of(channel)

    def changed(amounts: Floats) -> Floats:
        found = amounts.copy()
        found[:, mine] = found[:, mine] * factor
        return found

    return replace(
        panel,
        spend=changed(panel.spend),
        clicks=changed(panel.clicks),
        impressions=changed(panel.impressions),
    )
