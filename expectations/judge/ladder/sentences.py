"""The ladder in words for a marketer: what was seen, what a usual day looks like, and how sure that is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date

from expectations.judge.ladder.rungs import Kind

_STOOD_STILL = 0.05  # a common move below five per cent is none


@dataclass(frozen=True)
class Seen:
    """One channel on one day, as a rung saw it; `alone` where the account has no other channel."""

    kind: Kind
    day: date
    account: str
    channel: str
    unit: str
    expected: float
    actual: float
    agree: int
    active: int
    others: float
    alone: bool

    @property
    def where(self) -> str:
        """`Meta Ads: account act_12`."""
        return f"{self.channel}: account {self.account}"

    @property
    def when(self) -> str:
        """`Tuesday 17 November`."""
        return f"{self.day:%A} {self.day.day} {self.day:%B}"

    def amount(self, value: float) -> str:
        """The amount with the unit of the account."""
        return amount(value, self.unit)


def amount(value: float, unit: str = "") -> str:
    """`18,416.30 USD`; four digits where an amount is small."""
    digits = 2 if abs(value) >= 1 or value == 0 else 4
    return f"{value:,.{digits}f} {unit}".rstrip()


def sentence(seen: Seen) -> str:
    """What to tell the owner of the account."""
    told = {
        "duplicate": _duplicate,
        "unit": _unit,
        "stopped": _stopped,
        "hours": _hours,
        "partly": _partly,
        "click": _price,
        "mille": _price,
        "breadth": _breadth,
        "pace": _pace,
    }
    return told[seen.kind](seen)


def _duplicate(seen: Seen) -> str:
    return (
        f"{seen.where} has rows of {seen.agree} of {seen.active} campaigns more than once on {seen.when}; counted "
        f"once, spend is {seen.amount(seen.expected)}, not {seen.amount(seen.actual)}."
    )


def _unit(seen: Seen) -> str:
    power = round(math.log10(seen.actual / seen.expected))
    return (
        f"{seen.where} paid 10^{power} times the usual per click on {seen.when}{_among(seen)}; the amounts are "
        f"probably in another unit ({seen.amount(seen.actual)} instead of {seen.amount(seen.expected)})."
    )


def _stopped(seen: Seen) -> str:
    usual = f"about {seen.amount(seen.expected)}" if seen.expected > 0 else "some spend"
    return (
        f"{seen.where} shows no spend on {seen.when}, although it spends on such days; {usual} was expected. "
        "Either the account stopped or its rows are missing."
    )


def _hours(seen: Seen) -> str:
    return (
        f"{seen.where} has rows of {seen.actual:.0f} of {seen.expected:.0f} hours of {seen.when}, although every day "
        "of the last four weeks was whole; the figures of the other hours are missing."
    )


def _partly(seen: Seen) -> str:
    return (
        f"{seen.where}: {seen.agree} of {seen.active} running campaigns show no spend on {seen.when} "
        f"({seen.amount(seen.actual)} instead of {seen.amount(seen.expected)}). Either they were paused or their rows "
        "are missing."
    )


def _price(seen: Seen) -> str:
    volume, counted = ("click", "clicks") if seen.kind == "click" else ("thousand impressions", "impressions")
    return (
        f"{seen.where} paid {seen.amount(seen.actual)} per {volume} on {seen.when}, {_times(seen)} the usual "
        f"{seen.amount(seen.expected)}{_among(seen)}; the number of {counted} does not explain it. Check the spend "
        "before you act on it."
    )


def _breadth(seen: Seen) -> str:
    change = seen.actual / seen.expected - 1
    word = "above" if change > 0 else "below"
    return (
        f"{seen.where} spent {seen.amount(seen.actual)} on {seen.when}, {abs(change):.0%} {word} what a normal "
        f"{seen.day:%A} looks like at last week's level ({seen.amount(seen.expected)}){_among(seen)}"
        f"{_of_others(seen)}."
    )


def _pace(seen: Seen) -> str:
    change = seen.actual / seen.expected - 1
    return (
        f"{seen.where} has spent {seen.amount(seen.actual)} from the first of {seen.day:%B} up to {seen.when}, "
        f"{abs(change):.0%} {'more' if change > 0 else 'less'} than these days' share of its budget "
        f"({seen.amount(seen.expected)})."
    )


def _of_others(seen: Seen) -> str:
    if seen.alone:
        return ""
    if abs(seen.others) < _STOOD_STILL:
        return "; the other channels did not move"
    return f"; the other channels moved by {math.exp(seen.others) - 1:+.0%}, which is taken into account"


def _among(seen: Seen) -> str:
    return "" if seen.active <= 1 else f", in {seen.agree} of {seen.active} campaigns"


def _times(seen: Seen) -> str:
    factor = seen.actual / seen.expected
    return f"{factor:.1f} times" if factor >= 1 else f"{factor:.0%} of"
