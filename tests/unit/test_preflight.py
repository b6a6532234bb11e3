"""A source is looked at before it is asked: what would break is said, and what is only new is noted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from expectations.declare.contract import contract
from expectations.declare.errors import Unavailable
from expectations.declare.source import load
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.airbyte_values import Connection, StreamSchema
from tasks.ingest.preflight import preflight
from tasks.window import Window

DAY = Window.parse("2026-11-17")
SHOP = load("hubspot")


def _offer(name: str) -> StreamSchema:
    stream = SHOP.streams[name]
    fields = tuple((key,) for key in contract(stream).payload_keys)
    key = tuple((stream.fields[name].payload_key,) for name in stream.key)
    return StreamSchema(name, fields, key, (stream.cursor or "",), ("incremental_append",))


class Source:
    """Offers what it is told to."""

    def __init__(self) -> None:
        self.offers = {name: _offer(name) for name in SHOP.streams}
        self.down = False
        self.status = "active"

    def connection_for(self, source: str) -> Connection:
        return Connection("c", source, self.status, "breaking schema change", "s")

    def streams(self, connection: Connection, *, ignore_cache: bool) -> tuple[StreamSchema, ...]:
        assert ignore_cache
        if self.down:
            raise Unavailable("no answer")
        return tuple(self.offers.values())

    def without(self, stream: str, field: str, *instead: str) -> None:
        """Rename or remove a field."""
        one = self.offers[stream]
        kept = (*(path for path in one.fields if path != (field,)), *((name,) for name in instead))
        self.offers[stream] = replace(one, fields=kept)


@pytest.fixture
def source(home: Path, monkeypatch: pytest.MonkeyPatch) -> Source:
    fake = Source()
    monkeypatch.setattr(doors, "airbyte", lambda: fake)
    return fake


def look() -> list[tuple[str, str, str]]:
    return [(v.scope, v.state, v.severity) for v in preflight.fn(SHOP, DAY)]


def sentences() -> str:
    verdicts: tuple[Verdict, ...] = preflight.fn(SHOP, DAY)
    return " ".join(verdict.sentence for verdict in verdicts)


FINE = [("hubspot", "passed", "info")]


def test_a_source_that_offers_its_contract_passes(source: Source) -> None:
    assert [look(), look()] == [FINE, FINE]


def test_a_renamed_field_is_critical_until_it_is_back(source: Source) -> None:
    look()
    source.without("contacts", "properties_lifecyclestage", "properties_stage")
    assert look() == [("contacts.properties_lifecyclestage", "failed", "critical")]
    assert look() == [("contacts.properties_lifecyclestage", "failed", "critical")]
    source.offers["contacts"] = _offer("contacts")
    assert look() == FINE


def test_a_rename_is_guessed_in_the_sentence(source: Source) -> None:
    look()
    source.without("contacts", "properties_lifecyclestage", "properties_stage")
    assert (
        "does not offer the field properties_lifecyclestage, and properties_stage is new: it was probably"
        in sentences()
    )


def test_a_field_that_was_never_listed_is_only_noted_unless_rows_need_it(source: Source) -> None:
    source.without("contacts", "properties_lifecyclestage")
    assert look() == [("contacts.properties_lifecyclestage", "warned", "info")]
    source.without("contacts", "updatedAt")
    assert ("contacts.updatedAt", "failed", "critical") in look()


def test_a_new_field_is_noted_once(source: Source) -> None:
    look()
    source.without("contacts", "", "properties_shoe_size")
    assert look() == [("contacts offered", "warned", "info")]
    assert look() == FINE


def test_a_missing_stream_a_changed_key_and_a_changed_cursor_are_critical(source: Source) -> None:
    look()
    counted = source.offers.pop("contacts_count_by_day")
    source.offers["contacts"] = replace(source.offers["contacts"], primary_key=(("email",),), cursor=("createdAt",))
    assert look() == [
        ("contacts key", "failed", "critical"),
        ("contacts cursor", "failed", "critical"),
        ("contacts_count_by_day", "failed", "critical"),
    ]
    source.offers |= {"contacts": _offer("contacts"), "contacts_count_by_day": counted}
    assert look() == FINE


def test_a_connection_that_is_switched_off_is_said_with_its_reason(source: Source) -> None:
    source.status = "inactive"
    off, fields = preflight.fn(SHOP, DAY)
    assert (off.check, off.scope, off.severity, fields.state) == ("delivery", "connection", "critical", "passed")
    assert "Airbyte has set its connection inactive: breaking schema change." in off.sentence


def test_a_look_that_fails_stops_nobody(source: Source) -> None:
    source.down = True
    assert preflight.fn(SHOP, DAY) == ()


def test_a_source_that_describes_nothing_is_not_judged(source: Source) -> None:
    source.offers = {}
    assert preflight.fn(SHOP, DAY) == ()
