"""The event export answers like the real one: Google's columns, one line per event, each event exported once."""

import gzip
import json
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import numpy as np
import pytest

from deployments.local.saas import ga4_bench, ga4_traffic, links, orders
from deployments.local.saas.blocks import Request
from deployments.local.saas.edits import AS_PLACED, as_of
from deployments.local.saas.ga4_digits import Strip, digits, hexadecimal
from deployments.local.saas.ga4_export import STREAMS
from deployments.local.saas.ga4_truth import sessions_of_day
from deployments.local.saas.world import World
from tests.unit.ga4_counts import events_visible, purchases_visible

WORLD = World(seed=11, scale=0.0001)
START, DAY = date(2026, 11, 15), date(2026, 11, 16)
CLOSED = datetime(2026, 11, 17, 5, 40, tzinfo=UTC)
FINAL = datetime(2026, 11, 20, 5, 40, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
SCHEMA = Path(__file__).parents[3] / "shared" / "airbyte" / "schemas" / "ga4-bigquery-export" / "events.json"


def texts(stream: str, since: datetime | None, until: datetime) -> Iterator[bytes]:
    for block in STREAMS[stream](WORLD, Request(START, since, until)):
        yield from block.payloads


@lru_cache(maxsize=4)
def exported(until: datetime) -> tuple[dict[str, Any], ...]:
    return tuple(json.loads(text, parse_constant=pytest.fail) for text in texts("events", None, until))


def once(until: datetime) -> dict[str, dict[str, Any]]:
    return {row["event_key"]: row for row in exported(until)}


def parameters(row: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for parameter in row["event_params"]:
        values = [value for value in parameter["value"].values() if value is not None]
        assert len(values) == 1, parameter
        found[parameter["key"]] = values[0]
    assert len(found) == len(row["event_params"])
    return found


def session_of(row: dict[str, Any]) -> tuple[str, int] | None:
    known = parameters(row)
    return (row["user_pseudo_id"], int(known["ga_session_id"])) if "ga_session_id" in known else None


def schema() -> dict[str, Any]:
    if not SCHEMA.exists():
        assert "CI" not in os.environ, f"{SCHEMA} is missing"
        pytest.skip("the recorded connector schemas are not here")
    found: dict[str, Any] = json.loads(SCHEMA.read_text())
    return found


def holes(schema: dict[str, Any], value: object, where: str = "") -> set[str]:
    """Fields in the value and not in the schema, or the other way round; a null says nothing."""
    if isinstance(value, list):
        return {hole for entry in value for hole in holes(schema["items"], entry, where)}
    if not isinstance(value, dict):
        return set()
    inner = schema["properties"]
    odd = {f"{where}.{name}" for name in set(inner) ^ set(value)}
    return odd.union(*(holes(inner[name], value[name], f"{where}.{name}") for name in set(inner) & set(value)))


def test_every_line_has_the_fields_and_types_of_the_export() -> None:
    wanted = schema()
    check = jsonschema.Draft7Validator(wanted)
    for row in exported(CLOSED)[::40]:
        assert not list(check.iter_errors(row))
        assert not holes(wanted, row)


def test_a_line_is_as_long_as_a_real_one() -> None:
    assert min(map(len, texts("events", CLOSED - timedelta(hours=6), CLOSED))) >= 1_400


def test_an_event_is_exported_once_but_for_one_identical_twin_in_a_thousand() -> None:
    copies = Counter(json.dumps(row, sort_keys=True) for row in exported(FINAL))
    keys = Counter(row["event_key"] for row in exported(FINAL))
    assert set(copies.values()) == {1, 2}
    assert len(copies) == len(keys)
    assert 0.0004 < sum(count - 1 for count in keys.values()) / len(keys) < 0.002


def test_event_date_is_the_day_in_new_york_and_names_the_table() -> None:
    for row in exported(CLOSED):
        day = datetime.fromtimestamp(row["event_timestamp"] / 1e6, NEW_YORK).strftime("%Y%m%d")
        assert row["event_date"] == day
        assert row["export_table"] in (f"events_intraday_{day}", f"events_{day}")


def test_jobs_run_every_half_hour_and_carry_an_event_within_45_minutes_or_whole_days_later() -> None:
    late = Counter[int]()
    for row in once(FINAL).values():
        at = datetime.fromisoformat(row["exported_at"])
        assert row["exported_at"] == at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        assert (at.minute % 30, at.second, at.microsecond) == (0, 0, 0)
        waited = at - datetime.fromtimestamp(row["event_timestamp"] / 1e6, UTC)
        days, rest = divmod(waited, timedelta(days=1))
        assert timedelta(minutes=15) <= rest <= timedelta(minutes=45, seconds=1)
        assert row["export_table"].startswith("events_intraday_") == (days == 0)
        if START <= datetime.strptime(row["event_date"], "%Y%m%d").date() <= DAY:
            late[days] += 1
    shares = {days: count / late.total() for days, count in late.items()}
    assert shares[0] == pytest.approx(0.985, abs=0.004)
    assert shares[1] == pytest.approx(0.010, abs=0.003)
    assert shares[2] == pytest.approx(0.004, abs=0.002)
    assert shares[3] == pytest.approx(0.001, abs=0.0009)


def test_intraday_rows_lack_what_only_the_daily_table_knows() -> None:
    for row in exported(CLOSED):
        late = not row["export_table"].startswith("events_intraday_")
        for name in ("is_active_user", "user_ltv", "traffic_source", "session_traffic_source_last_click"):
            assert (row[name] is not None) == late


def test_sessions_of_the_export_are_those_of_the_truth() -> None:
    rows = once(FINAL).values()
    found = {session for row in rows if (session := session_of(row))}
    for day in (START, DAY):
        started = [s for s in found if datetime.fromtimestamp(s[1], NEW_YORK).date() == day]
        assert len(started) == sessions_of_day(WORLD, day)


def test_counts_of_the_control_are_the_exact_counts_of_what_was_exported() -> None:
    for instant in (CLOSED, FINAL):
        rows = list(exported(instant))
        controls = {c["export_table"]: c for c in map(json.loads, texts("events_control", None, instant))}
        assert set(controls) == {row["export_table"] for row in rows}
        for table, control in controls.items():
            mine = [row for row in rows if row["export_table"] == table]
            kept = {row["event_key"]: row for row in mine}
            sold = [row["ecommerce"] for row in kept.values() if row["event_name"] == "purchase"]
            assert (control["rows"], control["rows_written"]) == (len(kept), len(mine))
            assert control["purchases"] == len(sold)
            revenue = sum(round(100 * one["purchase_revenue_in_usd"]) for one in sold)
            assert round(100 * control["revenue"]) == revenue
            assert control["event_date"] in table


def test_the_truth_counts_the_same_events_and_purchases_by_other_code() -> None:
    controls = [json.loads(text) for text in texts("events_control", None, CLOSED)]
    seen, sold = events_visible(WORLD, START, CLOSED), purchases_visible(WORLD, START, CLOSED)
    assert len(controls) == len(seen)
    for control in controls:
        key = (
            datetime.strptime(control["event_date"], "%Y%m%d").date(),
            "intraday" not in control["export_table"],
        )
        assert control["rows"] == seen[key]
        assert (control["purchases"], round(100 * control["revenue"])) == sold.get(key, (0, 0))


def test_a_table_is_counted_again_until_nothing_can_come_any_more() -> None:
    first = {c["export_table"]: c for c in map(json.loads, texts("events_control", None, CLOSED))}
    later = {c["export_table"]: c for c in map(json.loads, texts("events_control", CLOSED, FINAL))}
    assert later["events_20261116"]["rows"] > first.get("events_20261116", {"rows": 0})["rows"]
    assert later["events_intraday_20261116"]["rows"] == first["events_intraday_20261116"]["rows"]
    afterwards = texts("events_control", FINAL + timedelta(days=1), FINAL + timedelta(days=1, hours=1))
    assert not {c["event_date"] for c in map(json.loads, afterwards)} & {"20261115", "20261116"}


def test_a_purchase_carries_the_shop_order_and_some_fire_twice() -> None:
    bought = as_of(WORLD.orders(DAY), AS_PLACED)
    totals = dict(zip(map(str, orders.order_id(bought.ref).tolist()), bought.total.tolist(), strict=True))
    fired = Counter[str]()
    for row in once(FINAL).values():
        if row["event_name"] == "purchase" and row["event_date"] == "20261116":
            number = row["ecommerce"]["transaction_id"]
            fired[number] += 1
            assert parameters(row)["transaction_id"] == number
            assert round(100 * row["ecommerce"]["purchase_revenue_in_usd"]) == totals[number]
            assert row["event_value_in_usd"] == row["ecommerce"]["purchase_revenue_in_usd"]
            assert len(row["items"]) == row["ecommerce"]["unique_items"]
    web = int(((bought.source == 0) & bought.tracked).sum())
    assert web * 0.98 <= len(fired) <= web
    assert set(fired.values()) <= {1, 2}


def test_events_without_consent_have_no_browser_and_no_session() -> None:
    denied = [row for row in exported(FINAL) if row["user_pseudo_id"] is None]
    assert 0.04 < len(denied) / len(exported(FINAL)) < 0.10
    for row in denied:
        assert session_of(row) is None
        assert row["privacy_info"]["analytics_storage"] == "No"


def test_about_18_percent_of_the_sessions_are_logged_in() -> None:
    users = {s: row["user_id"] for row in exported(FINAL) if (s := session_of(row))}
    assert sum(user is not None for user in users.values()) / len(users) == pytest.approx(0.18, abs=0.03)


def test_the_first_page_names_source_and_click_as_the_links_do() -> None:
    web, seen = WORLD.sessions(DAY), 0
    by_start = {(f"{c}.{s}", at // 1_000_000): n for n, (c, s, at) in enumerate(
        zip(web.client.tolist(), web.client_since.tolist(), web.started_at.tolist(), strict=True)
    )}  # fmt: skip
    for row in exported(CLOSED):
        if row["event_name"] != "session_start" or (key := session_of(row)) not in by_start:
            continue
        n, known = by_start[key], parameters(row)
        channel, slot, spelling = (int(column[n]) for column in (web.channel, web.slot, web.spelling))
        path = links.landing_path(WORLD.dice, channel, slot, spelling, int(web.page[n]))
        assert known["page_location"] == links.SITE + links.with_click(path, channel, int(web.click[n]))
        click = links.gclid(int(web.click[n])) if channel == 0 else None
        assert known.get("gclid") == click
        collected = row["collected_traffic_source"]
        assert (collected["gclid"] if collected else None) == click
        if spelling == 0 and channel in (0, 1, 4, 6):
            source, medium, campaign = links.origin(WORLD.dice, channel, slot, 0)
            assert (known["source"], known["medium"]) == (source, medium)
            assert collected["manual_campaign_name"] == (campaign or "(not set)")
        seen += 1
    assert seen > 500


def test_events_of_a_session_rise_and_name_the_one_before() -> None:
    sessions: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for row in once(FINAL).values():
        if key := session_of(row):
            sessions.setdefault(key, []).append(row)
    for rows in list(sessions.values())[:500]:
        rows.sort(key=lambda row: row["batch_event_index"])
        stamps = [row["event_timestamp"] for row in rows]
        assert stamps == sorted(stamps)
        for before, row in pairwise(rows):
            if row["batch_event_index"] == before["batch_event_index"] + 1:
                assert row["event_previous_timestamp"] == before["event_timestamp"]
    assert sum(len(rows) for rows in sessions.values()) / len(sessions) == pytest.approx(8, abs=0.5)


def test_click_ids_made_in_bulk_are_those_made_one_by_one() -> None:
    clicks = np.array([1, 2**62 + 12345, 2**63 - 1, 987654321987654321], dtype=np.int64)
    google = ga4_traffic.click_texts(np.zeros(4, dtype=np.int64), clicks)
    meta = ga4_traffic.click_texts(np.ones(4, dtype=np.int64), clicks)
    assert [text.decode() for text in google] == [links.gclid(click) for click in clicks.tolist()]
    assert [text.decode() for text in meta] == [links.fbclid(click) for click in clicks.tolist()]


def test_digits_are_those_of_python() -> None:
    numbers = np.array([0, 7, 1_795_104_000_123_456, 10**16 - 1], dtype=np.int64)
    assert Strip.of(b"<", 16, b">").fill(digits(numbers, 16)) == [b"<%016d>" % n for n in numbers.tolist()]
    words = numbers.astype(np.uint64)
    assert Strip.of(32).fill(hexadecimal([words, words])) == [b"%016x%016x" % (n, n) for n in words.tolist()]


def test_generated_objects_are_lines_of_the_destination() -> None:
    found = list(ga4_bench.generate_objects(WORLD, DAY, events=3_000, object_rows=2_000))
    assert sum(one.rows for one in found) >= 3_000
    ids = set()
    for one in found:
        text = gzip.decompress(one.body)
        lines = text.splitlines()
        assert (len(lines), len(text)) == (one.rows, one.text_bytes)
        for line in map(json.loads, lines):
            assert line["_airbyte_data"]["event_key"]
            assert line["_airbyte_meta"] == {"sync_id": ga4_bench.SYNC_ID, "changes": []}
            ids.add(line["_airbyte_raw_id"])
    assert len(ids) == sum(one.rows for one in found)


def test_the_benchmark_reports_rates_and_sizes() -> None:
    found = ga4_bench.run(2_000, seed=3, scale=0.001)
    assert found["events"] >= 2_000
    assert found["events_per_second"] > 0
    assert found["bytes_per_event"] > 1_400
