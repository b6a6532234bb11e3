"""What the ladder finds: for each day and channel the first rung that fires, with what it saw."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from expectations.judge.ladder.bounds import Rules
from expectations.judge.ladder.known import learn
from expectations.judge.ladder.panel import Floats, Panel
from expectations.judge.ladder.rungs import Kind, Reading, readings
from expectations.judge.ladder.sentences import Seen, sentence

Rung = Literal["exact", "completeness", "price", "breadth", "pace"]
Severity = Literal["critical", "warning"]

# What is exact may hold a release; what is statistical is said aloud and published. Half of the campaigns without
# spend is a fact, too, but people pause campaigns: it warns.
MEANING: dict[Kind, tuple[Rung, Severity]] = {
    "duplicate": ("exact", "critical"),
    "unit": ("exact", "critical"),
    "stopped": ("completeness", "critical"),
    "hours": ("completeness", "critical"),
    "partly": ("completeness", "warning"),
    "click": ("price", "warning"),
    "mille": ("price", "warning"),
    "breadth": ("breadth", "warning"),
    "pace": ("pace", "warning"),
}


@dataclass(frozen=True)
class Anomaly:
    """One day of one channel that somebody should look at; amounts in account currency, or per click for the price."""

    day: date
    account: str
    channel: str
    kind: Kind
    expected: float
    low: float
    high: float
    actual: float
    sentence: str

    @property
    def rung(self) -> Rung:
        """The step of the ladder that fired."""
        return MEANING[self.kind][0]

    @property
    def severity(self) -> Severity:
        """Whether it may hold a release."""
        return MEANING[self.kind][1]


def climb(panel: Panel, rules: Rules | None = None) -> list[Anomaly]:
    """The findings of one account in the order of days and channels, at most one for each."""
    bounds = rules or Rules()
    said = readings(panel, learn(panel, bounds), bounds)
    return [_anomaly(panel, reading, day, channel) for day, channel, reading in _first(said)]


def usual_spend(panel: Panel, rules: Rules | None = None) -> tuple[Floats, Floats]:
    """Between which amounts the breadth rung has nothing to say, (days, channels); NaN where nothing is known."""
    bounds = rules or Rules()
    said = readings(panel, learn(panel, bounds), bounds)
    return next((reading.low, reading.high) for reading in said if reading.kind == "breadth")


def _first(said: tuple[Reading, ...]) -> Iterator[tuple[int, int, Reading]]:
    fires = np.stack([reading.fires for reading in said])
    lowest = fires.argmax(axis=0)
    for day, channel in np.argwhere(fires.any(axis=0)):
        yield int(day), int(channel), said[int(lowest[day, channel])]


def _anomaly(panel: Panel, reading: Reading, day: int, channel: int) -> Anomaly:
    def at(name: str) -> float:
        return float(getattr(reading, name)[day, channel])

    seen = Seen(
        kind=reading.kind,
        day=panel.days[day],
        account=panel.account,
        channel=panel.channels[channel],
        unit=panel.unit,
        expected=at("expected"),
        actual=at("actual"),
        agree=int(at("agree")),
        active=int(at("active")),
        others=at("others"),
        alone=len(panel.channels) == 1,
    )
    return Anomaly(
        day=seen.day,
        account=seen.account,
        channel=seen.channel,
        kind=seen.kind,
        expected=seen.expected,
        low=at("low"),
        high=at("high"),
        actual=seen.actual,
        sentence=sentence(seen),
    )
