"""Each fault does exactly what its name says, on its day, and says by how much."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from deployments.local.saas import reader
from deployments.local.saas.blocks import Block
from deployments.local.saas.catalog import ACCOUNTS
from deployments.local.saas.faults import CHANGES, apply, effects
from deployments.local.saas.simulation import Fault
from deployments.local.saas.world import World
from expectations.declare.errors import Misconfigured

WORLD = World(20261121, 0.0005)
DAY = "2026-11-14"
REQUEST = reader.request(date(2026, 11, 13), None, datetime(2026, 11, 16, 5, 40, tzinfo=UTC))


def read(source: str, stream: str, *faults: Fault) -> list[dict[str, Any]]:
    blocks = reader.read_stream(WORLD, source, stream=stream, request=REQUEST, faults=faults)
    return [json.loads(text, parse_float=Decimal) for block in blocks for text in block.payloads]


def delivered(fault: Fault, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    blocks = [Block([json.dumps(row).encode()]) for row in rows]
    return [json.loads(text) for block in apply([fault], iter(blocks)) for text in block.payloads]


def test_a_renamed_field_keeps_its_values_and_its_place() -> None:
    old, new = "properties_lifecyclestage", "properties_lifecycle_stage"
    fault = Fault("rename_field", "hubspot", "contacts", DAY, {"field": old, "to": new})
    before, after = read("hubspot", "contacts"), read("hubspot", "contacts", fault)
    assert [row[old] for row in before] == [row[new] for row in after]
    assert all(old not in row for row in after)


def test_one_account_is_multiplied_on_one_day() -> None:
    fault = Fault("multiply", "meta_ads", "ads_insights", DAY, {"metric": "spend", "factor": 3, "account": 1})
    mine = str(ACCOUNTS[3].id)
    before, after = read("meta_ads", "ads_insights"), read("meta_ads", "ads_insights", fault)
    for old, new in zip(before, after, strict=True):
        is_hit = (old["account_id"], old["date_start"]) == (mine, DAY)
        assert new["spend"] == old["spend"] * (3 if is_hit else 1)
        assert {**new, "spend": 0} == {**old, "spend": 0}


def test_a_missing_page_leaves_the_total_short_by_its_amount() -> None:
    fault = Fault("total_short", "shopify", "orders", DAY, {"rows": 25})
    before, after = read("shopify", "orders"), read("shopify", "orders", fault)
    assert len(before) - len(after) == 25
    lost = sum(row["subtotal_price"] for row in before) - sum(row["subtotal_price"] for row in after)
    blocks = reader.read_stream(WORLD, "shopify", stream="orders", request=REQUEST)
    (said,) = effects(fault, blocks, "subtotal_price")
    assert (said.day, said.rows, said.amount) == (DAY, 25, -lost)


def test_a_fault_of_another_stream_changes_nothing() -> None:
    fault = Fault("stale_day", "shopify", "order_refunds", DAY)
    assert read("shopify", "orders", fault) == read("shopify", "orders")


def test_two_faults_of_a_stream_act_one_after_the_other() -> None:
    first = Fault("multiply", "s", "t", "", {"metric": "n", "factor": 2})
    second = Fault("rename_field", "s", "t", "", {"field": "n", "to": "m"})
    blocks = iter([Block([b'{"n":4}'])])
    assert [block.payloads for block in apply([first, second], blocks)] == [[b'{"m":8}']]


ROWS = [{"id": n, "n": n, "date_start": DAY if n % 2 else "2026-11-13"} for n in range(400)]


@pytest.mark.parametrize(
    ("name", "parameters", "check"),
    [
        ("drop_field", {"field": "n"}, lambda rows: all("n" not in row for row in rows)),
        ("new_field", {"field": "x"}, lambda rows: all(row["x"] == "new" for row in rows)),
        ("retype_field", {"field": "n"}, lambda rows: all(isinstance(row["n"], str) for row in rows)),
        ("null_field", {"field": "n", "share": 0.5}, lambda rows: 60 < sum(row["n"] is None for row in rows) < 140),
        ("duplicate_rows", {"share": 1}, lambda rows: len(rows) == 600),
        ("micros_twice", {"metric": "n"}, lambda rows: rows[3]["n"] == 3_000_000),
        ("currency_switch", {"field": "n", "to": "EUR"}, lambda rows: sum(row["n"] == "EUR" for row in rows) == 200),
        ("total_over", {"rows": 10}, lambda rows: len(rows) == 410),
        ("stale_day", {}, lambda rows: len(rows) == 200),
        ("missing_page", {"rows": 7}, lambda rows: len(rows) == 393),
    ],
)
def test_a_fault_does_what_its_name_says(
    name: str, parameters: dict[str, Any], check: Callable[[list[dict[str, Any]]], bool]
) -> None:
    assert check(delivered(Fault(name, "meta_ads", "ads_insights", DAY, parameters), ROWS))


def test_the_rows_of_an_hour_can_be_missing() -> None:
    rows = [{"segments.date": DAY, "segments.hour": hour} for hour in range(24)]
    left = delivered(Fault("missing_hour", "google_ads", "campaign", DAY, {"hour": 5}), rows)
    assert [row["segments.hour"] for row in left] == [hour for hour in range(24) if hour != 5]


def test_an_unknown_fault_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match=r"no fault is called 'melt'.*Use one of currency_switch, drop_field"):
        delivered(Fault("melt", "meta_ads", "ads_insights", DAY), ROWS)
    assert len(CHANGES) >= 15


def test_an_unknown_source_or_stream_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Misconfigured, match="Use one of google_ads, meta_ads"):
        reader.streams("tiktok")
    with pytest.raises(Misconfigured, match="Use one of orders, order_refunds"):
        reader.read_stream(WORLD, "shopify", stream="baskets", request=REQUEST)


SMALL = World(20261121, 0.00002)
EVENTS_OF = reader.request(date(2026, 11, 13), datetime(2026, 11, 15, 5, 40, tzinfo=UTC), REQUEST.until)


def _keys(fault: Fault | None, request: Any) -> list[str]:
    faults = [fault] if fault else []
    blocks = reader.read_stream(SMALL, "ga4_export", stream="events", request=request, faults=faults)
    return [json.loads(text)["event_key"] for block in blocks for text in block.payloads]


@pytest.mark.parametrize("name", ["late_rows", "late_beyond_window"])
def test_late_events_are_missing_first_and_come_once_when_they_are_due(name: str) -> None:
    fault = Fault(name, "ga4_export", "events", DAY, {"by": "event_key", "share": 0.2, "days": 1})
    early = reader.request(date(2026, 11, 13), None, EVENTS_OF.since or REQUEST.until)
    usual, held = _keys(None, early), _keys(fault, early)
    late = set(usual) - set(held)
    assert 0 < len(late) < len(set(usual))
    came = _keys(fault, EVENTS_OF)
    assert set(came) == set(_keys(None, EVENTS_OF)) | late
    assert set(_keys(fault, REQUEST)) == set(_keys(None, REQUEST))


def test_a_sync_reads_back_to_a_restated_day_that_nobody_reads_any_more() -> None:
    changed = {"metric": "spend", "factor": 2, "account": 1}
    fault = Fault("restated_beyond_window", "meta_ads", "ads_insights", "2026-10-01", changed)
    request = reader.request(date(2026, 9, 28), datetime(2026, 11, 15, 5, 40, tzinfo=UTC), REQUEST.until)

    def spend(*faults: Fault) -> dict[tuple[str, str], float]:
        blocks = reader.read_stream(SMALL, "meta_ads", stream="ads_insights", request=request, faults=faults)
        rows = [json.loads(text) for block in blocks for text in block.payloads]
        mine = [row for row in rows if row["account_id"] == str(ACCOUNTS[3].id)]
        return {(row["date_start"], row["ad_id"]): row["spend"] for row in mine}

    usual, again = spend(), spend(fault)
    assert min(usual)[0] == "2026-10-17"
    assert min(again)[0] == "2026-10-01"
    assert {key: amount for key, amount in again.items() if key in usual} == usual


def test_withdrawn_rows_are_the_same_in_every_sync() -> None:
    fault = Fault("vanish_rows", "meta_ads", "ads_insights", DAY, {"share": 0.5, "by": "ad_id"})
    later = reader.request(REQUEST.start, None, datetime(2026, 11, 18, 5, 40, tzinfo=UTC))

    def ads(request: Any, *faults: Fault) -> set[str]:
        blocks = reader.read_stream(WORLD, "meta_ads", stream="ads_insights", request=request, faults=faults)
        rows = (json.loads(text) for block in blocks for text in block.payloads)
        return {row["ad_id"] for row in rows if row["date_start"] == DAY}

    gone = [ads(request) - ads(request, fault) for request in (REQUEST, later)]
    assert gone[0]
    assert gone[0] <= gone[1] | (ads(REQUEST) - ads(later))


def test_a_shifted_instant_is_so_many_hours_later() -> None:
    fault = Fault("time_zone_shift", "s", "t", "", {"field": "at", "hours": 5})
    assert delivered(fault, [{"at": "2026-11-17T21:30:00-05:00"}, {"at": None}]) == [
        {"at": "2026-11-18T02:30:00-05:00"},
        {"at": None},
    ]
