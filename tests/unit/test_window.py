"""Windows are half-open spans of UTC, written the way people say them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from expectations.declare.errors import Misconfigured
from tasks.window import Window

DAYS = st.dates(min_value=date(2000, 1, 1), max_value=date(2100, 1, 1))


@given(DAYS, st.integers(min_value=0, max_value=400))
def test_a_window_is_exactly_its_days(first: date, more: int) -> None:
    last = first + timedelta(days=more)
    window = Window.parse(f"{first}..{last}")
    assert window.days() == [first + timedelta(days=n) for n in range(more + 1)]
    assert all(window.covers(day) for day in window.days())
    assert not window.covers(last + timedelta(days=1))
    assert window.end - window.start == timedelta(days=more + 1)


@given(DAYS, st.integers(min_value=0, max_value=400))
def test_the_label_reads_back_as_the_same_window(first: date, more: int) -> None:
    window = Window.parse(f"{first}..{first + timedelta(days=more)}")
    assert Window.parse(window.label) == window


def test_a_window_that_ends_inside_a_day_says_the_hour() -> None:
    window = Window.scheduled(datetime(2026, 11, 18, 5, 40, tzinfo=UTC))
    assert window.label == "2026-11-17..2026-11-18T0540"


def test_a_reversed_window_is_refused_with_the_right_one() -> None:
    with pytest.raises(Misconfigured, match=r"reversed. Write 2026-11-15\.\.2026-11-17"):
        Window.parse("2026-11-17..2026-11-15")
    with pytest.raises(ValidationError, match=r"must start before it ends"):
        Window(start=datetime(2026, 11, 18, tzinfo=UTC), end=datetime(2026, 11, 17, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01", "17.11.2026"])
def test_nonsense_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"is not a window. Write one day"):
        Window.parse(text)
