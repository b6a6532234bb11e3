"""Measures judges of daily spend on generated accounts: what they find, how often they cry wolf, what they forget.

The protocol is that of the product's domain notes: one step ahead, 120 days of warm-up, each fault on every ordinary
day in turn, an incident being alerts of one series within three days.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from deployments.bench.anomaly_faults import FAULTS, LASTING, Lasting, faulty, lasting
from deployments.bench.anomaly_rivals import RIVALS, Judge
from deployments.bench.anomaly_series import FLAVOURS, account
from expectations.judge.ladder.bounds import HOURS_A_DAY, Rules
from expectations.judge.ladder.known import learn
from expectations.judge.ladder.panel import Flags, Ints, Panel
from expectations.judge.ladder.rungs import readings

WARM_UP = 120
LADDER = "the ladder"
_INCIDENT_DAYS = 3
_ECHO_DAYS = 28
_APART = 97  # days between two faults that stay in the history: longer than any memory
Said = Callable[[Panel], Flags]


@dataclass
class Score:
    """Sums over accounts of one judge; `found` and `tried` by fault."""

    found: dict[str, int] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    incidents: list[float] = field(default_factory=list)  # per account-year
    messages: list[float] = field(default_factory=list)  # the same, grouped by account and day
    alert_days: int = 0
    days: int = 0
    series: int = 0
    event_alerts: int = 0
    event_days: int = 0

    def add(self, name: str, found: int, tried: int) -> None:
        """Count trials of one fault."""
        self.found[name] = self.found.get(name, 0) + found
        self.tried[name] = self.tried.get(name, 0) + tried

    def merge(self, other: Score) -> None:
        """Add the accounts of another process."""
        for name, tried in other.tried.items():
            self.add(name, other.found[name], tried)
        self.incidents += other.incidents
        self.messages += other.messages
        for name in ("alert_days", "days", "series", "event_alerts", "event_days"):
            setattr(self, name, getattr(self, name) + getattr(other, name))

    def share(self, name: str) -> float:
        """Found of tried; for the echo, extra alerts for each fault."""
        return self.found[name] / self.tried[name] if self.tried.get(name) else float("nan")


def measure(seed: int, flavour: str) -> dict[str, Score]:
    """All judges on one account."""
    panel = account(seed, FLAVOURS[flavour])
    whole = np.full((len(panel.days), len(panel.channels)), float(HOURS_A_DAY))
    return judge_panel(replace(panel, hours=whole))


def judge_panel(panel: Panel) -> dict[str, Score]:
    """All judges on one panel."""
    return {name: _score(panel, said) for name, said in _judges().items()}


def _judges() -> Mapping[str, Callable[[Panel], Said]]:
    """Each learns from a panel, and then says which channels of another it would report."""

    def of_totals(rival: Callable[..., Judge]) -> Callable[[Panel], Said]:
        def learned(panel: Panel) -> Said:
            judge = rival(panel.totals(panel.spend))
            return lambda today: judge(today.totals(today.spend))

        return learned

    return {LADDER: _ladder, **{name: of_totals(rival) for name, rival in RIVALS.items()}}


def _ladder(panel: Panel) -> Said:
    rules = Rules()
    known = learn(panel, rules)

    def said(today: Panel) -> Flags:
        found: Flags = np.stack([reading.fires for reading in readings(today, known, rules)]).sum(axis=0) > 0
        return found

    return said


def _score(panel: Panel, judge: Callable[[Panel], Said]) -> Score:
    score, said = Score(), judge(panel)
    judged = np.arange(len(panel.days)) >= WARM_UP
    clean = said(panel) & judged[:, None]
    _count_alerts(score, panel, clean, judged)
    spends = panel.totals(panel.spend) > 0
    for fault in FAULTS:
        for channel in range(len(panel.channels)):
            tried = judged & ~panel.special & spends[:, channel]
            found = said(faulty(panel, channel, fault))[:, channel]
            score.add(fault.name, int((found & tried).sum()), int(tried.sum()))
    for change in LASTING:
        _lasting(score, (panel, judge), clean, change)
    return score


def _count_alerts(score: Score, panel: Panel, clean: Flags, judged: Flags) -> None:
    years = judged.sum() / 365.25
    score.incidents.append(sum(_incidents(clean[:, channel]) for channel in range(clean.shape[1])) / years)
    score.messages.append(_incidents(clean.sum(axis=1) > 0) / years)
    score.alert_days += int(clean.sum())
    score.days += int(judged.sum())
    score.series += int(judged.sum()) * clean.shape[1]
    events = judged & panel.special
    score.event_alerts += int(clean[events].sum())
    score.event_days += int(events.sum()) * clean.shape[1]


def _incidents(alerts: Flags) -> int:
    days = np.flatnonzero(alerts)
    return int((np.diff(days, prepend=-_INCIDENT_DAYS - 1) > _INCIDENT_DAYS).sum())


def _lasting(score: Score, judged: tuple[Panel, Callable[[Panel], Said]], clean: Flags, change: Lasting) -> None:
    """Faults that stay unrepaired, in each channel at times of its own."""
    panel, judge = judged
    harmed = panel
    begins: list[Ints] = []
    for channel in range(len(panel.channels)):
        first = np.arange(WARM_UP + 20 + 19 * channel, len(panel.days) - _ECHO_DAYS - 14, _APART)
        calm = [day for day in first if not panel.special[day - 1 : day + change.days + 1].any()]
        begins.append(np.array(calm, dtype=np.int64))
        harmed = lasting(harmed, channel, begins[-1], change)
    new = judge(harmed)(harmed) & ~clean
    for channel, days in enumerate(begins):
        for day in days:
            score.add(change.name, _told(new[:, channel], clean[:, channel], int(day), change), 1)


def _told(new: Flags, clean: Flags, day: int, change: Lasting) -> int:
    if change.name == "echo":
        return int(new[day + 1 : day + 1 + _ECHO_DAYS].sum())
    if change.name == "masking":
        return int(new[day + 7] or clean[day + 7])
    return int(new[day : day + change.days].any())
