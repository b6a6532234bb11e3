"""Sixty ordinary days of the simulated world, with promotions in them: no exact finding, and few guesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deployments.local.saas.ad_totals import totals
from deployments.local.saas.catalog import ACCOUNTS, GOOGLE, META, catalog
from deployments.local.saas.deliveries import account_day
from deployments.local.saas.seasons import black_friday, micros, number
from deployments.local.saas.world import World
from expectations.declare.promotions import promotions
from expectations.judge.measurement import Measurements
from expectations.judge.rules import Subject
from expectations.judge.spend import spend_anomaly
from expectations.judge.verdict import Finding

WORLD = World(20261121, 0.0002)
FIRST, LAST = date(2026, 10, 5), date(2026, 12, 3)
DAYS = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
HISTORY = [FIRST - timedelta(days=n) for n in range(35, 0, -1)]
PLATFORMS = {"google_ads": GOOGLE, "meta_ads": META}


def _day(account: int, day: date) -> Iterator[dict[str, Any]]:
    """What the pipeline measures of an account-day on the morning after it, without the syncs."""
    book, known_at = catalog(WORLD.dice), micros(datetime.combine(day + timedelta(days=1), time(5, 40), tzinfo=UTC))
    known = account_day(WORLD.dice, account, number(day)).as_of(known_at)
    found = totals(known, book.campaign[known.slot], known_at)
    minor = ACCOUNTS[account].minor
    for campaign, clicks, impressions, cost in zip(
        found.key.tolist(), found.clicks.tolist(), found.impressions.tolist(), found.cost.tolist(), strict=True
    ):
        figures = {"spend": Decimal(cost) / minor, "clicks": clicks, "impressions": impressions}
        for metric, value in figures.items():
            role = "now" if FIRST <= day <= LAST else "before"
            yield {
                "role": role, "metric": f"campaign_{metric}", "account": str(ACCOUNTS[account].id), "day": day,
                "field": str(campaign), "value": value,
            }  # fmt: skip


@pytest.fixture(scope="module")
def measured() -> dict[str, list[dict[str, Any]]]:
    numbers = {name: [n for n, a in enumerate(ACCOUNTS) if a.platform == kind] for name, kind in PLATFORMS.items()}
    return {
        name: [row for account in mine for day in (*HISTORY, *DAYS) for row in _day(account, day)]
        for name, mine in numbers.items()
    }


def _judged(rows: list[dict[str, Any]], closed: set[date]) -> list[Finding]:
    about = Subject("Ads", "report", 60)
    return spend_anomaly(Measurements.of(rows), about, closed=closed, calendar=promotions())


def test_sixty_clean_days_raise_nothing_exact_and_few_guesses(measured: dict[str, list[dict[str, Any]]]) -> None:
    found = [f for rows in measured.values() for f in _judged(rows, set(DAYS)) if not f.good]
    assert Counter(f.severity for f in found)["critical"] == 0
    # 15 a year of an account with five channels; here six accounts of one channel for 60 days.
    assert len(found) <= 15 * 6 / 5 * 60 / 365


def test_black_friday_pages_nobody_and_a_zero_on_it_does(measured: dict[str, list[dict[str, Any]]]) -> None:
    day = black_friday(2026)
    for rows in measured.values():
        assert [f for f in _judged(rows, {day}) if not f.good] == []
        silent = [row | {"value": 0} if row["day"] == day else row for row in rows]
        found = _judged(silent, {day})
        assert {(f.state, f.severity) for f in found} == {("failed", "critical")}
        assert len(found) == 3


def test_without_the_calendar_black_friday_would_page(measured: dict[str, list[dict[str, Any]]]) -> None:
    rows = Measurements.of(measured["google_ads"])
    found = spend_anomaly(rows, Subject("Google Ads", "report", 60), closed={black_friday(2026)})
    assert [f for f in found if not f.good]


def test_a_day_judged_alone_is_judged_as_among_others(measured: dict[str, list[dict[str, Any]]]) -> None:
    rows = measured["meta_ads"]
    doubled = [row | {"value": row["value"] * 2} if row["day"] == DAYS[20] else row for row in rows]
    alone = [f for f in _judged([row for row in doubled if row["day"] <= DAYS[20]], {DAYS[20]}) if not f.good]
    assert alone
    together = [f for f in _judged(doubled, set(DAYS)) if f.scope.endswith(str(DAYS[20]))]
    assert together == alone
