"""Unusual spend of the accounts of a stream: the ladder on what was measured by campaign and day.

Only `expectations.judge.classes` imports this module, late: the ladder needs an array library.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from expectations.declare.budgets import Budget
from expectations.declare.promotions import Promotion
from expectations.judge.ladder.bounds import FACTOR_DAYS, HISTORY_DAYS, LEARNING_DAYS
from expectations.judge.ladder.findings import Anomaly, climb, usual_spend
from expectations.judge.ladder.panel import Floats, Panel, allowance
from expectations.judge.ladder.sentences import amount
from expectations.judge.measurement import BY_CAMPAIGN, Measurements
from expectations.judge.pictures import Point
from expectations.judge.rules import ACCOUNT_CURRENCY, Subject
from expectations.judge.verdict import Finding, bad

_Cells = dict[tuple[str, date, str], float]  # by metric, day and campaign
_METRICS = ("spend", "clicks", "impressions")


def spend_anomaly(
    m: Measurements,
    about: Subject,
    *,
    closed: Collection[date],
    calendar: Iterable[Promotion] = (),
    budgets: Iterable[Budget] = (),
    wrong: Collection[tuple[str, date]] = (),
) -> list[Finding]:
    """At most one finding for each account and closed day: the first rung of the ladder that explains it.

    The control total is a rung of its own: an account and day whose rows are `wrong` is told by `reconciliation`, and
    what its rows look like is no news.
    A channel is the platform itself. Nothing of a later day is read, and accounts that never spent are not judged.
    """
    if not closed:
        return [
            about.passed("the day is not over; its spend is judged when it is closed.", "day not over", "a closed day")
        ]
    panels = [_planned(panel, tuple(budgets)) for panel in _panels(m, about, closed, tuple(calendar))]
    seen = [one for panel in panels for one in climb(panel) if one.day in closed]
    found = [_finding(one, about) for one in seen if (one.account, one.day) not in wrong]
    learned = min((_learned(panel, max(closed)) for panel in panels), default=LEARNING_DAYS)
    if learned < LEARNING_DAYS:
        found.append(about.learning("what spend is usual", learned))
    left = {(one.account, one.day) for one in seen} & set(wrong)
    but = f", but for {len(left)} account-days, whose rows do not add up to the source's own total" if left else ""
    usual = about.passed(
        f"the spend of every account is usual{but}.",
        f"{len(panels) * len(closed) - len(left)} account-days, each as usual",
        "every account as usual",
    )
    return found or [usual]


def lines(
    m: Measurements, about: Subject, *, closed: Collection[date], calendar: Iterable[Promotion] = ()
) -> dict[str, list[Point]]:
    """Per account the spend of each day up to the newest closed one, with what the breadth rung lets it be."""
    panels = _panels(m, about, closed, tuple(calendar)) if closed else ()
    return {panel.account: _points(panel, closed) for panel in panels}


def _points(panel: Panel, closed: Collection[date]) -> list[Point]:
    low, high = (side[:, 0] for side in usual_spend(panel))
    total, known = panel.totals(panel.spend)[:, 0], (panel.rows > 0).sum(axis=1) > 0
    return [
        Point(
            at=day.isoformat(),
            value=float(total[n]) if known[n] else None,
            low=None if np.isnan(low[n]) else round(float(low[n]), 2),
            high=None if np.isnan(high[n]) else round(float(high[n]), 2),
            judged=day in closed,
        )
        for n, day in enumerate(panel.days)
    ]


def _panels(
    m: Measurements, about: Subject, closed: Collection[date], calendar: tuple[Promotion, ...]
) -> Iterator[Panel]:
    """The panel of each account that ever spent, from the oldest day that counts to the newest closed one."""
    first, last, hours = min(closed) - timedelta(days=HISTORY_DAYS), max(closed), m.series("hours")
    for account, cells in _cells(m, first, last).items():
        oldest = min(day for _, day, _ in cells)
        days = tuple(oldest + timedelta(days=n) for n in range((last - oldest).days + 1))
        panel = _panel((account, about), cells, days, allowance(days, calendar))
        yield replace(panel, hours=_hours(hours.get(account), days))


def _cells(m: Measurements, first: date, last: date) -> dict[str, _Cells]:
    """The figures by campaign; a day that was measured by account alone counts as one campaign without a name."""
    detailed: dict[str, _Cells] = defaultdict(dict)
    whole: dict[str, _Cells] = defaultdict(dict)
    for row in sorted(m.rows, key=lambda row: row.role):  # what is known now replaces what was known before
        metric = row.metric.removeprefix(BY_CAMPAIGN)
        if metric in _METRICS and row.day and first <= row.day <= last:
            by_campaign = row.metric.startswith(BY_CAMPAIGN)
            place = (metric, row.day, row.field if by_campaign else "")
            (detailed if by_campaign else whole)[row.account][place] = float(row.value)
    for account, cells in whole.items():
        known = {day for _, day, _ in detailed[account]}
        detailed[account].update({place: value for place, value in cells.items() if place[1] not in known})
    return {account: cells for account, cells in sorted(detailed.items()) if _ever_spent(cells)}


def _ever_spent(cells: _Cells) -> bool:
    return any(value for (metric, _, _), value in cells.items() if metric == "spend")


def _panel(whose: tuple[str, Subject], cells: _Cells, days: tuple[date, ...], allowed: tuple[Floats, Floats]) -> Panel:
    account, about = whose
    campaigns = {name: number for number, name in enumerate(sorted({campaign for _, _, campaign in cells}))}
    places = {day: number for number, day in enumerate(days)}
    laid = {metric: np.full((len(days), len(campaigns)), np.nan) for metric in _METRICS}
    for (metric, day, campaign), value in cells.items():
        laid[metric][places[day], campaigns[campaign]] = value
    return Panel(
        account=account,
        days=days,
        channels=(about.title,),
        channel=np.zeros(len(campaigns), dtype=np.int64),
        rows=(~np.isnan(laid["spend"])).astype(np.int64),
        **laid,
        up=allowed[0],
        down=allowed[1],
        unit="" if about.unit == ACCOUNT_CURRENCY else about.unit,
    )


def _hours(series: Mapping[date, Decimal] | None, days: tuple[date, ...]) -> Floats | None:
    """(days, 1); NaN for a day that was not measured by hour."""
    if series is None:
        return None
    return np.array([[float(series[day])] if day in series else [np.nan] for day in days])


def _planned(panel: Panel, budgets: Iterable[Budget]) -> Panel:
    """With what the account may spend in the month of each day."""
    mine = {budget.month: budget.amount for budget in budgets if budget.account == panel.account}
    return replace(panel, budget=np.array([[mine.get(day.replace(day=1), np.nan)] for day in panel.days]))


def _learned(panel: Panel, day: date) -> int:
    """How many ordinary days with spend lie behind the newest closed day, of the 28 that a band needs."""
    total = panel.totals(panel.spend)[:, 0]
    reach = np.array([0 < (day - at).days <= FACTOR_DAYS for at in panel.days]) & ~panel.special
    return min(int((total[reach] > 0).sum()), LEARNING_DAYS)


def _finding(found: Anomaly, about: Subject) -> Finding:
    scope, state, sentence = f"{found.account} {found.day}", bad(found.severity), f"{found.sentence}{about.note}"
    unit = "" if about.unit == ACCOUNT_CURRENCY else about.unit
    per = {"click": " per click", "mille": " per thousand impressions", "pace": " this month"}.get(found.kind, "")
    observed = about.labelled(f"{amount(found.actual, unit)}{per}")
    if found.kind == "hours":
        return Finding(
            scope, state, found.severity, sentence, f"{found.actual:.0f} hours", f"{found.expected:.0f} hours"
        )
    usual = f"{amount(found.low)} to {amount(found.high, unit)}{per}"
    if found.low == found.high:
        usual = f"about {amount(found.expected, unit)}" if found.expected > 0 else "some spend"
    return Finding(scope, state, found.severity, sentence, observed, about.labelled(usual))
