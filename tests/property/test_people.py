"""People follow from what the sources said: however it arrives they are the same, and a death changes nothing."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.build.people import ID_MAP, MERGES, QUARANTINE, link_people

START = datetime(2026, 11, 1)
# What the step reads of staging, by table: the columns, and how a row of a test fills them.
STAGING = {
    "stg_shopify__orders": ("id", "customer_id", "email_token", "phone_token", "processed_at"),
    "stg_shopify__customers": ("id", "email_token", "phone_token", "updated_at"),
    "stg_hubspot__contacts": (
        "id", "properties_email_token", "properties_phone_token", "updatedat", "properties_hs_merged_object_ids",
    ),
    "stg_ga4_export__events": ("user_pseudo_id", "user_id_token", "transaction_id", "event_timestamp"),
}  # fmt: skip
Row = tuple[str, tuple[Any, ...]]
_link: Callable[..., Any] = link_people.__wrapped__  # type: ignore[attr-defined]  # the step without its outcome row


def order(number: int, customer: object = None, email: object = None, phone: object = None, *, day: int = 0) -> Row:
    return "stg_shopify__orders", (number, customer, email, phone, START + timedelta(days=day))


def contact(number: int, email: object = None, phone: object = None, *, day: int = 0, merged: object = None) -> Row:
    return "stg_hubspot__contacts", (str(number), email, phone, START + timedelta(days=day), merged)


def event(browser: object, login: object = None, bought: object = None, *, day: int = 0) -> Row:
    return "stg_ga4_export__events", (browser, login, bought, START + timedelta(days=day))


class World:
    """A warehouse with nothing but staging; every delivery has the next load sequence."""

    def __init__(self, file: Path) -> None:
        self.file, self.loads = file, 0
        with duckdb.connect(str(file)) as connection:
            connection.execute("create schema staging")
            for table, columns in STAGING.items():
                kinds = {name: "timestamp" for name in columns if name.endswith(("_at", "edat", "timestamp"))}
                listed = ", ".join(f"{name} {kinds.get(name, 'varchar')}" for name in columns)
                connection.execute(
                    f"create table staging.{table} ({listed}, _extracted_at timestamp, _load_seq bigint)"
                )

    def deliver(self, rows: Sequence[Row]) -> None:
        self.loads += 1
        with duckdb.connect(str(self.file)) as connection:
            for table, values in rows:
                marks = ", ".join("?" * (len(values) + 2))
                connection.execute(f"insert into staging.{table} values ({marks})", [*values, START, self.loads])

    def link(self) -> Any:
        with DuckDBWarehouse(self.file, "500MB", 1, 5.0) as warehouse:
            return _link(warehouse)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(query).fetchall()

    @property
    def people(self) -> dict[tuple[str, str], str]:
        found = self.ask(f"select identifier_type, identifier_token, person_id from {ID_MAP} where valid_to is null")
        assert len({row[:2] for row in found}) == len(found), "an identifier has two people"
        return {(kind, token): person for kind, token, person in found}

    @property
    def said(self) -> list[tuple[Any, ...]]:
        """Everything that does not tell when it became known."""
        columns = "identifier_type, identifier_token, person_id, rule, confidence, evidence"
        aside = f"select identifier_type, identifier_token, reason from {QUARANTINE} where until is null order by all"
        current = f"select {columns} from {ID_MAP} where valid_to is null order by all"
        return [*self.ask(current), *self.ask(aside)]


@pytest.fixture
def new_world(tmp_path: Path) -> Callable[[], World]:
    numbers = iter(range(10_000))
    return lambda: World(tmp_path / f"{next(numbers)}.duckdb")


few = st.sampled_from([None, None, "a", "b", "c"])
day = st.integers(0, 9)
rows = st.one_of(
    st.builds(order, st.integers(1, 4), st.sampled_from([None, "1", "2"]), few, few, day=day),
    st.builds(contact, st.integers(1, 4), few, few, day=day, merged=st.sampled_from([None, None, "2;9", "1"])),
    st.builds(
        event, st.sampled_from(["x", "y", "z"]), st.sampled_from([None, "u", "v"]),
        st.sampled_from([None, None, "1", "2", "3"]), day=day,
    ),
)  # fmt: skip


@settings(max_examples=5, deadline=None)
@given(said=st.lists(rows, min_size=1, max_size=16), seed=st.integers(0, 99))
def test_ten_increments_in_any_order_are_one_build(
    said: list[Row], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("people")
    grown, at_once = World(folder / "grown.duckdb"), World(folder / "at_once.duckdb")
    at_once.deliver(said)
    at_once.link()
    shuffled = random.Random(seed).sample(said, len(said))
    for nth in range(10):
        if part := shuffled[nth::10]:
            grown.deliver(part)
            grown.link()
    assert grown.said == at_once.said


def test_a_second_run_changes_nothing(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([order(1, "10", "e", day=1), contact(7, "e"), event("x", "u", "1", day=2)])
    world.link()
    before = [world.ask(f"select * from {table} order by all") for table in (ID_MAP, MERGES, QUARANTINE)]
    assert world.link().reused
    world.deliver([order(1, "10", "e", day=3)])  # the same order again: another load, no other people
    assert not world.link().reused
    assert [world.ask(f"select * from {table} order by all") for table in (ID_MAP, MERGES, QUARANTINE)] == before


def test_an_order_links_customer_address_contact_and_browser(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([order(1, "10", "e", day=3), contact(7, "e", day=1), event("x", "u", "1", day=2), event("y", day=1)])
    world.link()
    assert len(set(world.people.values())) == 1
    assert set(world.people) == {
        ("shopify_customer_id", "10"), ("email", "e"), ("hubspot_id", "7"), ("client_id", "x"), ("user_id", "u"),
        ("order", "1"),
    }  # fmt: skip
    proof = world.ask(f"select rule, confidence, evidence from {ID_MAP} where identifier_type = 'client_id'")
    assert proof == [("client_id", 0.99, "ga4_export.events:x|u")]


def test_a_value_of_nobody_and_a_browser_alone_are_not_written_down(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([
        order(1, "10", "nobody:1:f"), order(2, "20", "nobody:1:f"), order(3, "0", None), event("x"),
        event("y", "nobody:1:u"), event("z", None, "(not set)"),
    ])  # fmt: skip
    world.link()
    assert set(world.people) == {("shopify_customer_id", n) for n in ("10", "20")} | {("order", n) for n in ("1", "2")}
    assert len(set(world.people.values())) == 2


def test_what_a_source_merged_is_one_person_and_the_older_id_stays(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([contact(1, "a", day=5), contact(2, "b", day=1)])
    world.link()
    before = world.people
    assert before["hubspot_id", "1"] != before["hubspot_id", "2"]
    world.deliver([contact(1, "a", day=6, merged="2; 3")])
    world.link()
    older = before["hubspot_id", "2"]
    assert set(world.people.values()) == {older}
    assert ("hubspot_id", "3") in world.people
    assert world.ask(f"select old_person_id, person_id, rule from {MERGES}") == [
        (before["hubspot_id", "1"], older, "stated_merge")
    ]


def test_older_evidence_that_arrives_late_leaves_an_alias(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([order(1, "10", "e", day=5)])
    world.link()
    [first] = set(world.people.values())
    for browser, on in (("x", 3), ("y", 1)):
        world.deliver([event(browser, None, "1", day=on)])
        world.link()
    [now] = set(world.people.values())
    assert now != first
    aliases = world.ask(f"select person_id, rule from {MERGES}")
    assert len(aliases) == 2  # the second change moved the first alias too
    assert set(aliases) == {(now, "older_evidence")}
    history = world.ask(f"select person_id from {ID_MAP} where identifier_token = 'e' order by valid_from, valid_to")
    assert history[-1] == (now,)


def test_two_customers_never_become_one_person(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([order(1, "10", "e"), order(2, "20", "e"), event("kitchen", None, "1"), event("kitchen", None, "2")])
    world.link()
    assert world.people["shopify_customer_id", "10"] != world.people["shopify_customer_id", "20"]
    assert [row[:2] for row in world.ask(f"select * from {QUARANTINE}")] == [("client_id", "kitchen"), ("email", "e")]


def test_a_group_that_grows_too_much_is_held_and_told(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([event(f"till-{n}", "cashier", day=3) for n in range(25)])
    found = world.link()
    assert (found.set_aside, found.held) == (25, 0)
    assert world.ask(f"select distinct reason from {QUARANTINE}") == [("its component grew too much in one day",)]


@pytest.mark.parametrize(
    "dies_at",
    [
        "insert into identity.observations",
        "insert into identity.id_map",
        "insert into identity.resolved",
        "delete from identity.progress",
    ],
)
def test_killed_half_way_the_old_people_stand(
    dies_at: str, new_world: Callable[[], World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world, alive = new_world(), new_world()
    for one in (world, alive):
        one.deliver([order(1, "10", "e", day=1), contact(7, "f")])
        one.link()
        one.deliver([order(2, "10", "f", day=2), event("x", "u", "2")])
    before = world.said
    execute = DuckDBWarehouse.execute

    def dying(self: DuckDBWarehouse, sql: str, params: Any = ()) -> None:
        if sql.startswith(dies_at):
            raise KeyboardInterrupt
        execute(self, sql, params)

    with monkeypatch.context() as patch:
        patch.setattr(DuckDBWarehouse, "execute", dying)
        with pytest.raises(KeyboardInterrupt):
            world.link()
    assert world.said == before
    world.link()
    alive.link()
    assert world.said == alive.said
    assert world.said != before


def test_a_declaration_that_says_more_reads_its_stream_again(new_world: Callable[[], World]) -> None:
    world = new_world()
    world.deliver([order(1, "10", "e"), contact(7, "e")])
    world.link()
    people = world.people
    with duckdb.connect(str(world.file)) as connection:
        connection.execute("update identity.progress set words = 'older words' where source = 'hubspot'")
        connection.execute("delete from identity.observations where source = 'hubspot'")
    world.link()
    assert world.people == people
