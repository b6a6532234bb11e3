"""What is usual: null rates, spend bands, exact multiples."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest

from expectations.judge.bands import PRICE, SPEND, NullRates, band, learned_days, multiple, never_zero, null_spike

DAY = date(2026, 11, 17)


def _history(days: int, *, base: float = 1000.0, noise: float = 0.05) -> dict[date, float]:
    chance = random.Random(7)
    weekday = (1.0, 1.05, 1.0, 0.95, 1.1, 0.7, 0.6)
    before = [DAY - timedelta(days=n) for n in range(1, days + 1)]
    return {d: base * weekday[d.weekday()] * (1 + chance.uniform(-noise, noise)) for d in before}


def test_a_field_that_was_never_null_alarms_on_three() -> None:
    assert not null_spike(NullRates(2, 100, 0.0, 5000))
    assert null_spike(NullRates(3, 100, 0.0, 5000))


def test_a_large_batch_needs_a_tenth_of_a_percent() -> None:
    assert not null_spike(NullRates(99, 100_000, 0.0, 5000))
    assert null_spike(NullRates(100, 100_000, 0.0, 5000))


def test_a_usual_rate_is_no_spike() -> None:
    assert not null_spike(NullRates(120, 1000, 0.10, 30_000))


def test_a_rate_beyond_four_standard_errors_is_a_spike() -> None:
    assert null_spike(NullRates(140, 1000, 0.10, 30_000))


def test_a_change_below_one_point_is_no_spike_however_many_rows() -> None:
    assert not null_spike(NullRates(10_900, 1_000_000, 0.0100, 30_000_000))


def test_a_batch_too_small_for_a_rate_is_not_judged_by_one() -> None:
    assert not null_spike(NullRates(50, 100, 0.10, 30_000))


@pytest.mark.parametrize("factor", [0.0, 0.5, 2.0, 5.0])
def test_spend_that_halves_or_doubles_is_outside(factor: float) -> None:
    history = _history(56)
    found = band(history, DAY, SPEND)
    assert found
    assert not found.contains(1050 * factor)


def test_a_normal_tuesday_is_inside() -> None:
    found = band(_history(56), DAY, SPEND)
    assert found
    assert found.contains(1050)
    assert found.expected == pytest.approx(1050, rel=0.05)


def test_a_normal_sunday_is_not_a_drop() -> None:
    sunday = date(2026, 11, 15)
    found = band(_history(56), sunday, SPEND)
    assert found
    assert found.contains(600)


def test_the_level_of_last_week_counts_not_that_of_last_month() -> None:
    history = {d: v * (2 if (DAY - d).days <= 7 else 1) for d, v in _history(56).items()}
    found = band(history, DAY, SPEND)
    assert found
    assert found.expected == pytest.approx(2100, rel=0.1)


def test_a_change_that_costs_little_is_inside() -> None:
    found = band(_history(56, base=100, noise=0.001), DAY, SPEND)
    assert found
    assert found.contains(150)  # less than 50 of the currency


def test_there_is_no_band_before_28_days() -> None:
    assert band(_history(27), DAY, SPEND) is None
    assert band(_history(28), DAY, SPEND) is not None
    assert learned_days(_history(27), DAY) == 27


def test_the_day_itself_and_later_days_are_never_used() -> None:
    history = _history(56)
    later = {**history, DAY: 1e9, DAY + timedelta(days=1): 1e9}
    assert band(later, DAY, SPEND) == band(history, DAY, SPEND)


def test_the_price_band_is_tighter_in_effect_and_wider_in_k() -> None:
    history = dict.fromkeys((DAY - timedelta(days=n) for n in range(1, 57)), 2.0)
    found = band(history, DAY, PRICE)
    assert found
    assert not found.contains(3.0)
    assert found.contains(2.15)


def test_a_zero_is_exact_only_where_the_last_28_days_had_none() -> None:
    history = _history(28)
    assert never_zero(history, DAY)
    assert not never_zero({**history, DAY - timedelta(days=5): 0.0}, DAY)
    assert not never_zero(_history(20), DAY)


@pytest.mark.parametrize(
    ("ours", "theirs", "k"), [(300, 100, 3), (1e8, 100, 10**6), (100, 200, 2), (150, 100, None), (0, 100, None)]
)
def test_exact_multiples_are_recognised(ours: float, theirs: float, k: int | None) -> None:
    assert multiple(ours, theirs) == k
