"""When empty cells are a spike, and which totals are exact multiples of each other."""

from __future__ import annotations

import pytest

from expectations.judge.nulls import NullRates, null_spike
from expectations.judge.totals import multiple


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


@pytest.mark.parametrize(
    ("ours", "theirs", "k"), [(300, 100, 3), (1e8, 100, 10**6), (100, 200, 2), (150, 100, None), (0, 100, None)]
)
def test_exact_multiples_are_recognised(ours: float, theirs: float, k: int | None) -> None:
    assert multiple(ours, theirs) == k


def test_cells_that_are_empty_together_say_no_more_than_their_groups() -> None:
    assert null_spike(NullRates(1036, 1277, 0.762, 30_000))
    assert not null_spike(NullRates(1036, 1277, 0.762, 30_000, groups=250))
    assert null_spike(NullRates(1200, 1277, 0.762, 30_000, groups=250))
