"""The flows call the steps in the promised order, and refuse nonsense before the first of them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, date, datetime
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

import flows.build_marts
import flows.close_day
import flows.refresh_source
import flows.start
from expectations.declare.errors import Misconfigured
from expectations.declare.source import load as load_declaration
from tasks.window import Window

DAY = date(2026, 11, 17)
WINDOW = Window.of_day(DAY)
BUILT = SimpleNamespace(verdicts=())
PUBLISHED = SimpleNamespace(held=False, kept=())
AFTER: dict[str, Any] = {
    "publish": PUBLISHED,
    "judge_published": (),
    "announce": None,
    "document": None,
    "deliver": None,
}


@pytest.fixture
def journal() -> list[str]:
    return []


@pytest.fixture
def record(journal: list[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Replace the named steps of a flow module by ones that only write their names down."""

    def replace(module: ModuleType, **results: Any) -> None:
        for name, result in results.items():
            monkeypatch.setattr(module, name, _step(journal, name, result))
        for name in ("platform_queue", "writer_queue"):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, lambda *_: nullcontext())

    return replace


def _step(journal: list[str], name: str, result: Any) -> Callable[..., Any]:
    def step(*_: Any, **__: Any) -> Any:
        journal.append(name)
        return result

    return step


def test_a_refresh_goes_from_the_source_to_the_verdict(record: Callable[..., None], journal: list[str]) -> None:
    steps = {"preflight": (), "sync": None, "collect": (None,), "land": None, "seal": None, "compare_delivery": ()}
    ends = {"announce": None, "document": None, "deliver": None}
    record(flows.refresh_source, **steps, load=None, settle=None, measure=BUILT, hold_back=(), judge=(), **ends)
    flows.refresh_source.refresh_source.fn("meta_ads", WINDOW)
    streams = len(load_declaration("meta_ads").streams)
    delivered = [*(["land", "seal"] * streams), "compare_delivery", *(["load"] * streams), "settle"]
    expected = [
        "preflight",
        "announce",
        "sync",
        "collect",
        *delivered,
        "measure",
        "hold_back",
        "judge",
        "announce",
        "document",
        "deliver",
    ]
    assert journal == expected


def test_an_unknown_source_is_refused_before_anything_runs(record: Callable[..., None], journal: list[str]) -> None:
    record(flows.refresh_source, sync=None)
    with pytest.raises(Misconfigured, match=r"'meta' is not a source.*Write one of: ga4, ga4_export, google_ads"):
        flows.refresh_source.refresh_source.fn("meta", WINDOW)
    assert journal == []


def test_a_close_publishes_after_every_judgement(record: Callable[..., None], journal: list[str]) -> None:
    steps = {"wait_for_sources": (), "build": BUILT, "known_verdicts": (), "test": (), "judge_marts": ()}
    steps["compare_closed"] = ()
    record(flows.close_day, **steps, **AFTER)
    flows.close_day.close_day.fn(DAY)
    assert journal == [*steps, *AFTER]


def test_a_build_publishes_provisionally_after_judgement(record: Callable[..., None], journal: list[str]) -> None:
    steps = {"build": BUILT, "known_verdicts": (), "test": (), "judge_marts": ()}
    steps["compare_closed"] = ()
    record(flows.build_marts, **steps, **AFTER)
    flows.build_marts.build_marts.fn(WINDOW)
    assert journal == [*steps, *AFTER]


@pytest.mark.parametrize(
    ("scheduled", "day"),
    [
        ("2026-11-18T05:40:00", "2026-11-17"),
        ("2026-11-18T06:00:00", "2026-11-18"),
        ("2026-11-18T23:59:00", "2026-11-18"),
    ],
)
def test_a_scheduled_refresh_works_on_the_reporting_day(
    scheduled: str, day: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = datetime.fromisoformat(scheduled).replace(tzinfo=UTC)
    monkeypatch.setattr(flows.start, "_scheduled_at", lambda: at)
    window = flows.start.chosen_window(None)
    assert window.start == Window.parse(day).start
    assert window.end == at


def test_a_close_without_a_day_takes_the_last_one_that_is_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flows.start, "_scheduled_at", lambda: datetime(2026, 11, 18, 5, 45, tzinfo=UTC))
    assert flows.start.chosen_day(None) == WINDOW
