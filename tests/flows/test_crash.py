"""A day that is killed and run again leaves what an unharmed one leaves; `plumbline bench crash` tries 200 moments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from deployments.bench.crash import LATEST, Plan, chosen, tried
from deployments.bench.crash_compare import WALL_CLOCK, differences, left_behind
from expectations.declare.errors import Misconfigured
from tasks.adapters.object_store import ObjectStore

KINDS = ["step", "Airbyte", *["ops store"] * 40, *["load transaction"] * 6, *["dbt model"] * 20, "file", "file"]


def test_a_day_that_is_killed_anywhere_ends_as_if_it_had_not(free_base: Callable[[], int]) -> None:
    told: list[int] = []
    plan = Plan(points=3, seed=3, at_once=1, port_base=free_base())
    found, boundaries = tried(plan, lambda number, _: told.append(number))
    assert [result.different for result in found] == [()] * 3
    assert all(result.struck for result in found if result.point.delay == 0)
    assert boundaries > 500
    assert told == [1, 2, 3]


def test_the_same_seed_strikes_at_the_same_moments() -> None:
    assert chosen(Plan(20, 7), KINDS) == chosen(Plan(20, 7), KINDS)
    assert chosen(Plan(20, 7), KINDS) != chosen(Plan(20, 8), KINDS)
    alone = chosen(Plan(20, 7, only=9), KINDS)
    assert alone == [point for point in chosen(Plan(len(KINDS), 7), KINDS) if point.number == 9]


def test_every_kind_of_boundary_is_struck_at() -> None:
    found = chosen(Plan(24, 1), KINDS)
    assert len({point.number for point in found}) == 24
    assert set(Counter(point.kind for point in found)) == set(KINDS)
    late = [point.delay for point in chosen(Plan(len(KINDS), 1), KINDS) if point.delay]
    assert 0 < len(late) < len(KINDS)
    assert max(late) <= LATEST


def test_a_boundary_that_is_not_there_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"no boundary 72\. Choose one from 1 to 70"):
        chosen(Plan(1, 1, only=72), KINDS[:70])


def test_one_changed_cent_is_a_difference_and_a_clock_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ObjectStore, "list", lambda *_: [])
    monkeypatch.setattr("deployments.bench.crash_compare._ops_store", lambda _: {})
    store = ObjectStore(endpoint="http://127.0.0.1:1", bucket="b")

    def left(name: str, cents: int, at: str) -> dict[str, str]:
        home = tmp_path / name
        (home / "scratch").mkdir(parents=True)
        with duckdb.connect(str(home / "warehouse.duckdb")) as db:
            db.execute("create schema marts; create table marts.m (spend decimal(18, 2), measured_at timestamp)")
            db.execute("insert into marts.m values (?, ?)", [cents / 100, at])
        return left_behind(home, store, home / "scratch")

    first, same, other = left("a", 100, "2026-11-16"), left("b", 100, "2026-11-17"), left("c", 101, "2026-11-16")
    assert "measured_at" in WALL_CLOCK
    assert differences(first, same) == []
    assert [line.split(":")[0] for line in differences(first, other)] == ["table marts.m"]


def test_what_is_missing_or_too_many_is_named() -> None:
    assert differences({"a": "1", "b": "2"}, {"b": "3", "c": "4"}) == ["missing: a", "too many: c", "b: 3, not 2"]
