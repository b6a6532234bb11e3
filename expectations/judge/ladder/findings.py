"""What the ladder says in words: for each day and channel the first rung that fires."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np

from expectations.judge.ladder.panel import Panel
from expectations.judge.ladder.rungs import Reading, Rules, readings

# Exact findings may hold a release; statistical ones are said aloud and published.
SEVERITY: dict[str, Literal["critical", "warning"]] = {
    "exact": "critical",
    "completeness": "critical",
    "price": "warning",
    "breadth": "warning",
}


@dataclass(frozen=True)
class Anomaly:
    """One day of one channel that somebody should look at; amounts in account currency, or per click for the price."""

    day: date
    account: str
    channel: str
    rung: str
    severity: Literal["critical", "warning"]
    expected: float
    actual: float
    sentence: str


def climb(panel: Panel, rules: Rules | None = None) -> list[Anomaly]:
    """The findings of one account in the order of days and channels, at most one for each."""
    said = readings(panel, rules)
    return [_anomaly(panel, reading, int(day), int(channel)) for day, channel, reading in _first(said)]


def _first(said: tuple[Reading, ...]) -> Iterator[tuple[int, int, Reading]]:
    fires = np.stack([reading.fires for reading in said])
    lowest = fires.argmax(axis=0)
    for day, channel in np.argwhere(fires.any(axis=0)):
        yield int(day), int(channel), said[int(lowest[day, channel])]


def _anomaly(panel: Panel, reading: Reading, day: int, channel: int) -> Anomaly:
    expected, actual = float(reading.expected[day, channel]), float(reading.actual[day, channel])
    agree, active = int(reading.agree[day, channel]), int(reading.active[day, channel])
    at = panel.days[day]
    where = f"{panel.channels[channel]} in account {panel.account} on {at:%A} {at.day} {at:%B}"
    return Anomaly(
        day=at,
        account=panel.account,
        channel=panel.channels[channel],
        rung=reading.rung,
        severity=SEVERITY[reading.rung],
        expected=expected,
        actual=actual,
        sentence=_sentence(reading, where, (expected, actual), (agree, active)),
    )


def _sentence(reading: Reading, where: str, amounts: tuple[float, float], campaigns: tuple[int, int]) -> str:
    expected, actual = amounts
    told = f"{actual:,.2f} instead of {expected:,.2f}"
    among = f"{campaigns[0]} of {campaigns[1]} campaigns"
    if reading.kind == "duplicate":
        return (
            f"{where}: rows of {among} came more than once; counted once, spend is {expected:,.2f}, not {actual:,.2f}."
        )
    if reading.kind == "unit":
        power = round(math.log10(actual / expected))
        return (
            f"{where}: spend per click is 10^{power} times the usual in {among}; it is probably another unit ({told})."
        )
    if reading.rung == "completeness":
        return f"{where}: {campaigns[0]} of {campaigns[1]} running campaigns have no spend ({told})."
    change = f"{abs(actual / expected - 1):.0%} {'above' if actual > expected else 'below'}"
    if reading.rung == "price":
        price = f"{actual:,.4f} instead of {expected:,.4f}"
        return f"{where}: spend per {reading.kind} is {change} the usual ({price}), in {among}."
    return (
        f"{where}: spend is {change} such a day at last week's level ({told}), in {among}, other channels considered."
    )
