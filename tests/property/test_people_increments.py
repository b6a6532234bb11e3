"""Resolving only what hangs together with something new gives what resolving everything gives, table for table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.build import identity, people, people_reached
from tasks.build.people import HELD, ID_MAP, MERGES, QUARANTINE, STATE
from tests.property.test_people import Row, World, contact, event, order

TABLES = (ID_MAP, MERGES, QUARANTINE, HELD, STATE)
EVERYBODY, REACHED = -1.0, 1e9  # values of WORTH_IT: nothing is worth a search, and everything
# Few values and low limits, so that crowded, shared, huge and conflicted groups come and go all the time.
_LOW = partial(
    identity.Limits,
    emails_of_a_person=2,
    identifiers_of_a_person=7,
    identifiers_of_a_day=4,
    devices_of_a_record=2,
)
_few = st.sampled_from([None, None, *"abcdef"])
_day = st.integers(0, 9)
_browser, _number = st.sampled_from("uvwxyz"), st.integers(1, 9)
_rows = st.one_of(
    st.builds(order, _number, st.sampled_from([None, "1", "2", "3", "4"]), _few, _few, day=_day),
    st.builds(contact, _number, _few, _few, day=_day, merged=st.sampled_from([None, None, None, "2;9", "1", "5"])),
    st.builds(event, _browser, st.sampled_from([None, *"klmn"]), st.sampled_from([None, *"123456"]), day=_day),
)
_days = st.lists(
    st.tuples(
        st.lists(_rows, max_size=7),
        st.sampled_from([None, None, None, None, "hubspot", "ga4_export"]),  # a source that is read again
        st.sampled_from([0, 0, 0, 0, 1]),  # by how much the rules rise
    ),
    min_size=2,
    max_size=7,
)


@pytest.fixture(autouse=True)
def low_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "Limits", _LOW)


@pytest.fixture
def new_world(tmp_path: Path) -> Callable[[], World]:
    numbers = count()
    return lambda: World(tmp_path / f"{next(numbers)}.duckdb")


def tables(world: World) -> dict[str, list[tuple[Any, ...]]]:
    return {table: world.ask(f"select * from {table} order by all") for table in TABLES}


def linked(world: World, worth_it: float) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people_reached, "WORTH_IT", worth_it)
        return world.link()


def read_again(world: World, source: str | None) -> None:
    with duckdb.connect(str(world.file)) as connection:
        connection.execute("update identity.progress set words = 'older words' where source = ?", [source])


@settings(max_examples=8, deadline=None)
@given(days=_days)
def test_days_resolved_by_what_they_reach_are_days_resolved_whole(
    days: Sequence[tuple[list[Row], str | None, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("increments")
    little, whole = World(folder / "little.duckdb"), World(folder / "whole.duckdb")
    rules = people.RULES
    with pytest.MonkeyPatch.context() as patch:
        for said, source, risen in days:
            rules += risen
            patch.setattr(people, "RULES", rules)
            for world, worth_it in ((little, REACHED), (whole, EVERYBODY)):
                if world.loads:
                    read_again(world, source)
                world.deliver(said)
                linked(world, worth_it)
            assert tables(little) == tables(whole)


def statements(world: World) -> Iterator[int]:
    """One number for each statement that a run may die before; it ends when a run lives."""
    yield from range(world.file.stat().st_size)


@pytest.mark.parametrize("dies_in", ["observe", "reach", "write"])
def test_killed_between_any_two_statements_nothing_new_is_forgotten(
    dies_in: str, new_world: Callable[[], World], monkeypatch: pytest.MonkeyPatch
) -> None: ...
