"""Resolving only what hangs together with something new gives what resolving everything gives, table for table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.build import identity, people, people_reached
from tasks.build.people import HELD, ID_MAP, MERGES, QUARANTINE, STATE, link_people
from tests.property.test_people import STAGING, START, Row, contact, event, order

_link: Callable[..., Any] = link_people.__wrapped__  # type: ignore[attr-defined]  # the step without its outcome row
TABLES = (ID_MAP, MERGES, QUARANTINE, HELD, STATE)
# Few values and low limits, so that crowded, shared, huge and conflicted groups come and go all the time.
_LOW = partial(
    identity.Limits, emails_of_a_person=2, identifiers_of_a_person=7, identifiers_of_a_day=4, devices_of_a_record=2
)
_few = st.sampled_from([None, None, *"abcdef"])
_day, _number = st.integers(0, 9), st.integers(1, 9)
_rows = st.one_of(
    st.builds(order, _number, st.sampled_from([None, *"1234"]), _few, _few, day=_day),
    st.builds(contact, _number, _few, _few, day=_day, merged=st.sampled_from([None, None, None, "2;9", "1", "5"])),
    st.builds(
        event, st.sampled_from("uvwxyz"), st.sampled_from([None, *"klmn"]), st.sampled_from([None, *"123456"]), day=_day
    ),
)
_days = st.lists(
    st.tuples(
        st.lists(_rows, max_size=7),
        st.sampled_from([None, None, None, None, "hubspot", "ga4_export"]),  # a source that is read again
        st.sampled_from([0, 0, 0, 0, 1]),  # by how much the rules rise
    ),
    min_size=2,
    max_size=6,
)


class Memory:
    """A warehouse in memory with nothing but staging; every delivery has the next load sequence and day."""

    def __init__(self, *, everybody: bool = False) -> None:
        self.warehouse, self.everybody, self.loads = DuckDBWarehouse(Path("nowhere"), "500MB", 1, 1.0), everybody, 0
        self.warehouse.__dict__["connection"] = duckdb.connect(config={"threads": 1})
        for table, columns in STAGING.items():
            kinds = {name: "timestamp" for name in columns if name.endswith(("_at", "edat", "timestamp"))}
            listed = ", ".join(f"{name} {kinds.get(name, 'varchar')}" for name in columns)
            self.warehouse.execute("create schema if not exists staging")
            self.warehouse.execute(
                f"create table staging.{table} ({listed}, _extracted_at timestamp, _load_seq bigint)"
            )
        self.warehouse.execute("create schema raw")
        self.warehouse.execute("create table raw.load_ledger (loaded_at timestamp)")

    def deliver(self, rows: Sequence[Row]) -> None:
        self.loads += 1
        for table, values in rows:
            marks = ", ".join("?" * (len(values) + 2))
            self.warehouse.execute(f"insert into staging.{table} values ({marks})", [*values, START, self.loads])
        # Two deliveries may have one time, as those of one sync have.
        self.warehouse.execute("insert into raw.load_ledger values (?)", [START + timedelta(days=self.loads // 2)])

    def link(self) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(people_reached, "WORTH_IT", 1e9)
            if self.everybody:
                patch.setattr(people_reached, "reach", lambda _: False)
            return _link(self.warehouse)

    @property
    def tables(self) -> dict[str, list[tuple[Any, ...]]]:
        return {table: self.warehouse.query(f"select * from {table} order by all") for table in TABLES}


@settings(max_examples=6, deadline=None)
@given(days=_days)
def test_days_resolved_by_what_they_reach_are_days_resolved_whole(
    days: Sequence[tuple[list[Row], str | None, int]],
) -> None:
    little, whole, rules = Memory(), Memory(everybody=True), people.RULES
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "Limits", _LOW)
        for said, source, risen in days:
            rules += risen
            patch.setattr(people, "RULES", rules)
            for world in (little, whole):
                if world.loads:
                    again = "update identity.progress set words = 'older words' where source = ?"
                    world.warehouse.execute(again, [source])
                world.deliver(said)
                world.link()
            assert little.tables == whole.tables


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[list[str]]:
    """Inside of it the statement with this number is the last one; yields those that were run."""
    run: list[str] = []
    execute = DuckDBWarehouse.execute

    def dies(self: DuckDBWarehouse, sql: str, params: Any = ()) -> None:
        run.append(sql)
        if len(run) == at:
            raise KeyboardInterrupt
        execute(self, sql, params)

    with monkeypatch.context() as patch:
        patch.setattr(DuckDBWarehouse, "execute", dies)
        yield run


def test_killed_before_every_statement_in_turn_nothing_new_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    world, alive = Memory(), Memory()
    for one in (world, alive):
        one.deliver([order(1, "10", "e", day=5), order(2, "20", "e", day=5), contact(7, "f"), order(9, "90", "z")])
        one.link()
        one.deliver([order(3, "10", "f", day=2), event("x", "u", "3"), contact(7, "f", merged="8"), contact(8, "g")])
    alive.link()
    before, after = world.tables, alive.tables
    assert before != after
    seen, at = [], 0
    while not seen or seen[-1] == before:
        at += 1
        with dying(monkeypatch, at) as run, pytest.raises(KeyboardInterrupt):
            world.link()
        seen.append(world.tables)
    assert at > 40
    assert "drop" in run[-1]  # the first death that the answer survived came after its transaction
    assert seen[-1] == after
    assert world.link().reused
    assert world.tables == after


def test_a_day_reaches_what_hangs_together_with_it_and_not_through_a_crowded_identifier(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Memory()
    world.deliver([event("tablet", f"u{n}", str(n)) for n in range(9)] + [order(n, f"c{n}", f"e{n}") for n in range(9)])
    world.link()
    assert ("tablet",) in world.warehouse.query(f"select identifier_token from {QUARANTINE}")
    world.deliver([event("tablet", "u3", "3"), order(20, "c4", "new"), event("tablet", "guest")])
    monkeypatch.setattr("tasks.build.people_found.find_people", _never)
    with pytest.raises(AssertionError, match="not asked"):
        world.link()
    found = world.warehouse.query(f"select identifier_token from {people_reached.SCOPE}")
    assert {str(name) for (name,) in found} == {"c4", "e4", "u4", "4", "20", "new", "tablet", "guest"}


def _never(*_: Any, **__: Any) -> None:
    raise AssertionError("not asked")


def test_an_identifier_that_is_crowded_no_more_joins_the_people_behind_it() -> None:
    little, whole = Memory(), Memory(everybody=True)
    for world in (little, whole):
        # Two HubSpot contacts with one address: crowded, until HubSpot says that they are one.
        world.deliver([contact(1, "e", "p1"), contact(2, "e", "p2"), order(5, None, "e")])
        world.link()
        assert [row[1] for row in world.warehouse.query(f"select * from {QUARANTINE} where until is null")] == ["e"]
        world.deliver([contact(1, "e", "p1", merged="2")])
        world.link()
        assert world.warehouse.query(f"select * from {QUARANTINE} where until is null") == []
    assert little.tables == whole.tables


def test_a_merge_that_is_stated_reaches_both_ids_then_and_later() -> None:
    little, whole = Memory(), Memory(everybody=True)
    days = (
        [contact(1, "a", day=5), contact(2, "b", day=4), order(9, "90", "z")],
        [contact(1, "a", day=6, merged="2; 3")],
        [order(5, "50", "b", day=1)],  # an older name for all of them
    )
    for said in days:
        for world in (little, whole):
            world.deliver(said)
            world.link()
        assert little.tables == whole.tables
    current = f"select distinct person_id from {ID_MAP} where valid_to is null and identifier_type = 'hubspot_id'"
    assert len(little.warehouse.query(current)) == 1


def test_an_older_warehouse_gets_its_numbers() -> None:
    world, other = Memory(), Memory()
    for one in (world, other):
        one.deliver([order(1, "10", "e"), contact(7, "e")])
        one.link()
    for column in ("record_key", "identifier_key"):
        world.warehouse.execute(f"alter table identity.observations drop column {column}")
    for one in (world, other):
        one.deliver([order(2, "10", "f"), contact(7, "f")])
        one.link()
    assert world.tables == other.tables
    keys = "select record_key, identifier_key from identity.observations order by all"
    assert world.warehouse.query(keys) == other.warehouse.query(keys)
