"""A backfill connection reads exactly the days it is asked for, one range after the other, over real HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from orjson import loads

from deployments.local.airbyte.catalog import declared, identity
from deployments.local.airbyte.reader import Request
from deployments.local.airbyte.world_reader import WorldReader
from deployments.local.saas.world import World
from expectations.declare.errors import Misconfigured, Unavailable
from tasks import doors
from tasks.adapters.airbyte import Airbyte
from tasks.adapters.ops_store import SyncRow
from tasks.ingest.land import land
from tasks.ingest.sync import extract_range, settle
from tasks.window import Window
from tests.contract.conftest import LocalAirbyte, shop_source

TEN_DAYS = Window.parse("2026-06-01..2026-06-10")
NEXT = Window.parse("2026-06-11..2026-06-20")
SHOP = shop_source()
BACKFILL = identity("connection", "shop-backfill")


def test_a_range_is_asked_for_cleared_and_read_anew(airbyte: LocalAirbyte, client: Airbyte) -> None:
    first = extract_range.fn(SHOP, TEN_DAYS)
    second = extract_range.fn(SHOP, NEXT)
    asked = [request.days for request in airbyte.reader.requests if request.stream == "orders"]
    assert asked == [(date(2026, 6, 1), date(2026, 6, 10)), (date(2026, 6, 11), date(2026, 6, 20))]
    assert [request.since for request in airbyte.reader.requests] == [None] * 4
    assert all(key.startswith("landing/backfill/shop/") for key in airbyte.objects())
    assert land.fn(first, "orders").objects == ()
    assert len(land.fn(second, "orders").objects) == 2
    assert (second.backfill, second.connection_id) == (True, BACKFILL)


def test_a_range_that_is_there_is_not_read_twice_until_another_one_cleared_it(
    airbyte: LocalAirbyte, client: Airbyte
) -> None:
    first = extract_range.fn(SHOP, TEN_DAYS)
    assert extract_range.fn(SHOP, TEN_DAYS).job_id == first.job_id
    extract_range.fn(SHOP, NEXT)
    anew = extract_range.fn(SHOP, TEN_DAYS)
    assert anew.job_id > first.job_id
    settle.fn([anew])
    extract_range.fn(SHOP, NEXT)
    assert extract_range.fn(SHOP, TEN_DAYS).job_id == anew.job_id
    assert extract_range.fn(SHOP, TEN_DAYS, since=datetime.now(UTC) + timedelta(hours=1)).job_id > anew.job_id


def test_the_daily_connection_keeps_its_place(airbyte: LocalAirbyte, client: Airbyte) -> None:
    airbyte.clock("2026-11-18T05:40:00Z")
    airbyte.sync()
    extract_range.fn(SHOP, TEN_DAYS)
    airbyte.sync()
    daily = [request for request in airbyte.reader.requests if request.days is None and request.stream == "orders"]
    assert [request.since for request in daily] == [None, datetime(2026, 11, 18, 5, 40, tzinfo=UTC)]
    assert len(airbyte.objects("landing/shop/orders/")) == 4


def test_a_range_waits_for_another_range(airbyte: LocalAirbyte, client: Airbyte) -> None:
    airbyte.switch({"name": "stuck_job"})
    job = client.ensure_sync(BACKFILL)
    row = SyncRow("shop", NEXT, job.id, BACKFILL, "running", datetime.now(UTC))
    doors.sync_journal().save_backfill(row)
    with pytest.raises(Unavailable, match=r"backfill connection of shop works on 2026-06-11\.\.2026-06-20"):
        extract_range.fn(SHOP, TEN_DAYS)
    doors.sync_journal().save_backfill(replace(row, started_at=datetime.now(UTC) - timedelta(hours=2)))
    airbyte.switch()
    assert extract_range.fn(SHOP, TEN_DAYS).status == "succeeded"
    assert client.job(job.id).status == "cancelled"


def test_a_range_whose_request_died_is_taken_up_again(
    airbyte: LocalAirbyte, client: Airbyte, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(connection_id: str) -> None:
        Airbyte.ensure_sync(client, connection_id)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(client, "ensure_sync", dies)
        with pytest.raises(KeyboardInterrupt):
            extract_range.fn(SHOP, TEN_DAYS)
    with pytest.raises(Unavailable, match=r"works on 2026-06-01\.\.2026-06-10"):
        extract_range.fn(SHOP, NEXT)
    assert extract_range.fn(SHOP, TEN_DAYS).rows_reported == 4
    assert len([request for request in airbyte.reader.requests if request.stream == "orders"]) == 1


def test_a_range_that_another_one_began_to_clear_is_read_again(airbyte: LocalAirbyte, client: Airbyte) -> None:
    first = extract_range.fn(SHOP, TEN_DAYS)
    client.clear(BACKFILL, 10)
    assert extract_range.fn(SHOP, TEN_DAYS).job_id > first.job_id


def test_a_connector_that_does_not_take_the_range_is_not_believed(airbyte: LocalAirbyte, client: Airbyte) -> None:
    connection = client.connection_for("shop", backfill=True)
    with pytest.raises(Misconfigured, match=r"did not take its range.*`airbyte\.days`"):
        client.set_range(connection, {"token_date": "2026-06-01"})  # what it shows is not what was asked for


@pytest.mark.parametrize(
    ("source", "stream"),
    [("shopify", "orders"), ("shopify", "sales_by_day"), ("meta_ads", "ads_insights"), ("ga4_export", "events")],
)
def test_a_range_of_the_world_is_what_a_whole_read_has_of_these_days(source: str, stream: str) -> None:
    spec = next(spec for spec in declared()[source] if spec.name == stream)
    until = datetime(2026, 10, 16, 6, tzinfo=UTC)
    whole = Request(source, stream, date(2026, 10, 12), None, until, cursor=spec.cursor)
    first, last = date(2026, 10, 13), date(2026, 10, 14)
    reader = WorldReader(World(7, 0.00002))
    field = "event_date" if source == "ga4_export" else spec.cursor

    def rows(request: Request) -> list[bytes]:
        return sorted(payload for block in reader.read(request) for payload in block.payloads)

    def day(payload: bytes) -> str:
        return str(loads(payload)[field])[:10].replace("-", "")

    expected = [payload for payload in rows(whole) if f"{first:%Y%m%d}" <= day(payload)[:8] <= f"{last:%Y%m%d}"]
    assert rows(replace(whole, days=(first, last))) == expected
    assert expected
