"""The local server is as strange as a real Airbyte: what it writes, what it answers, what it remembers."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

import httpx
import pytest
from airbyte_api import api, models

from deployments.local.airbyte.catalog import WORKSPACE, identity
from deployments.local.airbyte.jobs_api import java_duration, java_time

if TYPE_CHECKING:
    from tests.contract.conftest import LocalAirbyte

CLOSE = "2026-11-18T05:40:00Z"
ORDERS = "landing/shop/orders/2026/11/18/"


def api_of(airbyte: LocalAirbyte) -> httpx.Client:
    """A bare HTTP client with a token, for what the adapter hides."""
    base = f"{airbyte.url}/api/public/v1"
    body = {"client_id": "plumbline", "client_secret": "right", "grant_type": "client_credentials"}
    token = httpx.post(f"{base}/applications/token", json=body).json()["access_token"]
    return httpx.Client(base_url=base, headers={"Authorization": f"Bearer {token}"})


# Objects


def test_objects_are_named_by_stream_day_job_part_and_instant(airbyte: LocalAirbyte) -> None:
    airbyte.clock(CLOSE)
    job = airbyte.sync()
    assert airbyte.objects(ORDERS) == [f"{ORDERS}{job}_{part}_1794980400000.jsonl.gz" for part in (0, 1)]


def test_a_line_is_the_envelope_around_the_untouched_payload(airbyte: LocalAirbyte) -> None:
    airbyte.clock(CLOSE)
    job = airbyte.sync()
    record = airbyte.lines(airbyte.objects(ORDERS)[1])[0]
    assert list(record) == [
        "_airbyte_raw_id", "_airbyte_extracted_at", "_airbyte_meta", "_airbyte_generation_id", "_airbyte_data",
    ]  # fmt: skip
    assert UUID(record.pop("_airbyte_raw_id")).version == 4
    assert record == {
        "_airbyte_extracted_at": 1794980400000,
        "_airbyte_meta": {"sync_id": job, "changes": []},
        "_airbyte_generation_id": 0,
        "_airbyte_data": {"id": 2, "total": 12.3},
    }


def test_objects_carry_their_generation_as_metadata(airbyte: LocalAirbyte) -> None:
    airbyte.sync()
    generations = {
        key.split("/")[2]: airbyte.s3.head_object(Bucket="plumbline", Key=key)["Metadata"] for key in airbyte.objects()
    }
    assert generations == {"orders": {"ab-generation-id": "0"}, "plans": {"ab-generation-id": "1"}}


def test_objects_are_visible_before_the_job_ends(airbyte: LocalAirbyte) -> None:
    airbyte.reader.held = "plans"
    airbyte.reader.let_go.clear()
    client = airbyte.client()
    job = client.ensure_sync(airbyte.shop)
    assert airbyte.reader.waits.wait(10)
    assert (client.job(job.id).status, len(airbyte.objects("landing/shop/orders/"))) == ("running", 2)
    airbyte.reader.let_go.set()
    assert client.wait(job.id, 10).status == "succeeded"


def test_the_part_number_goes_on_where_an_earlier_job_stopped(airbyte: LocalAirbyte) -> None:
    airbyte.clock(CLOSE)
    first, second = airbyte.sync(), airbyte.sync()
    parts = [key.removeprefix(ORDERS).split("_")[:2] for key in airbyte.objects(ORDERS)]
    assert parts == [[str(first), "0"], [str(first), "1"], [str(second), "2"], [str(second), "3"]]


def test_a_full_refresh_replaces_the_objects_of_the_generation_before(airbyte: LocalAirbyte) -> None:
    airbyte.sync()
    second = airbyte.sync()
    (kept,) = airbyte.objects("landing/shop/plans/")
    assert f"/{second}_" in kept
    assert airbyte.lines(kept)[0]["_airbyte_generation_id"] == 2


def test_a_name_clash_is_marked_after_the_extension(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "name_clash", "stream": "orders"})
    airbyte.sync()
    assert all(key.endswith(".jsonl.gz-1") for key in airbyte.objects("landing/shop/orders/"))
    assert len(airbyte.lines(airbyte.objects("landing/shop/orders/")[0])) == 2


def test_an_unpadded_month_is_an_unpadded_month(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "unpadded_month"})
    airbyte.clock("2026-03-07T12:00:00Z")
    airbyte.sync()
    assert all(re.match(r"landing/shop/\w+/2026/3/7/", key) for key in airbyte.objects())


def test_a_duplicated_object_has_another_name_and_equal_bytes(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "duplicate_object", "source": "shop", "stream": "orders"})
    job = airbyte.sync()
    keys = airbyte.objects("landing/shop/orders/")
    assert len(keys) == 4
    assert len({airbyte.body(key) for key in keys}) == 2
    assert airbyte.client().job(job).rows_synced == 4


def test_a_retry_sends_again_with_new_raw_ids_under_the_same_sync_id(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "retry_parts", "stream": "orders", "parameters": {"parts": 1}})
    job = airbyte.sync()
    lines = [line for key in airbyte.objects("landing/shop/orders/") for line in airbyte.lines(key)]
    assert sorted(line["_airbyte_data"]["id"] for line in lines) == [0, 0, 1, 1, 2]
    assert len({line["_airbyte_raw_id"] for line in lines}) == 5
    assert {line["_airbyte_meta"]["sync_id"] for line in lines} == {job}
    assert len({line["_airbyte_extracted_at"] for line in lines}) == 2


def test_a_job_gives_up_after_twenty_attempts(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "retry_parts", "stream": "orders", "parameters": {"parts": 0, "attempts": 20}})
    assert airbyte.client().job(airbyte.sync()).status == "failed"


def test_nulled_values_are_noted_in_the_envelope(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "meta_changes", "stream": "orders", "parameters": {"field": "total", "every": 2}})
    airbyte.sync()
    lines = [line for key in airbyte.objects("landing/shop/orders/") for line in airbyte.lines(key)]
    assert [len(line["_airbyte_meta"]["changes"]) for line in lines] == [1, 0, 1]
    assert lines[0]["_airbyte_meta"]["changes"][0] == {
        "field": "total", "change": "NULLED", "reason": "SOURCE_RETRIEVAL_ERROR",
    }  # fmt: skip


# What a sync asks its source for


def asked(airbyte: LocalAirbyte) -> list[datetime | None]:
    return [request.since for request in airbyte.reader.requests if request.stream == "orders"]


def test_the_first_sync_reads_from_the_start_date_and_the_next_from_its_cursor(airbyte: LocalAirbyte) -> None:
    httpx.put(f"{airbyte.url}/_simulation/settings", json={"start_date": "2026-11-01"}).raise_for_status()
    airbyte.clock(CLOSE)
    airbyte.sync()
    airbyte.sync()
    assert str(airbyte.reader.requests[0].start) == "2026-11-01"
    assert asked(airbyte) == [None, datetime(2026, 11, 18, 5, 40, tzinfo=UTC)]


def test_a_job_that_failed_does_not_move_the_cursor(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "failed_job", "stream": "plans", "parameters": {"parts": 1, "times": 1}})
    airbyte.sync()
    airbyte.sync()
    assert asked(airbyte) == [None, None]


def test_a_repaired_source_sends_again_what_it_sent_broken(airbyte: LocalAirbyte) -> None:
    airbyte.clock("2026-11-17T05:40:00Z")
    airbyte.sync()
    airbyte.clock(CLOSE)
    airbyte.switch({"name": "rename_field", "source": "shop", "stream": "orders", "day": "2026-11-17"})
    airbyte.sync()
    assert [fault.name for fault in airbyte.reader.requests[2].faults] == ["rename_field"]
    airbyte.switch()
    airbyte.sync()
    before = datetime(2026, 11, 17, 5, 40, tzinfo=UTC)
    assert asked(airbyte) == [None, before, before]


def test_a_fault_of_another_day_does_not_happen(airbyte: LocalAirbyte) -> None:
    airbyte.clock(CLOSE)
    airbyte.switch({"name": "false_success", "source": "shop", "day": "2026-11-18"})
    assert airbyte.client().job(airbyte.sync()).rows_synced == 4


@pytest.mark.parametrize(("day", "broken"), [("2026-11-16", 1), ("2026-11-17", 1), ("2026-11-18", 0)])
def test_a_fault_of_the_records_lasts_from_its_day_on(airbyte: LocalAirbyte, day: str, broken: int) -> None:
    airbyte.clock(CLOSE)
    airbyte.switch({"name": "rename_field", "source": "shop", "stream": "orders", "day": day})
    airbyte.sync()
    assert len(airbyte.reader.requests[0].faults) == broken


def test_an_unknown_fault_is_refused_with_the_known_ones(airbyte: LocalAirbyte) -> None:
    answer = httpx.put(f"{airbyte.url}/_simulation/faults", json=[{"name": "nothing"}])
    assert answer.status_code == 422
    assert "rename_field" in answer.json()["data"]["message"]


# What the API answers


def test_a_second_job_is_refused_while_one_runs(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "stuck_job"})
    with api_of(airbyte) as http:
        body = {"connectionId": airbyte.shop, "jobType": "sync"}
        assert http.post("/jobs", json=body).status_code == 200
        answer = http.post("/jobs", json=body)
    assert answer.status_code == 409
    assert answer.json()["data"]["message"] == f"A sync is already running for: {airbyte.shop}"


def test_a_refresh_is_refused(airbyte: LocalAirbyte) -> None:
    with api_of(airbyte) as http:
        answer = http.post("/jobs", json={"connectionId": airbyte.shop, "jobType": "refresh"})
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


def test_a_request_without_a_token_is_refused(airbyte: LocalAirbyte) -> None:
    assert httpx.get(f"{airbyte.url}/api/public/v1/connections").status_code == 401


def test_jobs_are_listed_oldest_first_and_next_is_there_on_the_last_page(airbyte: LocalAirbyte) -> None:
    jobs = [airbyte.sync(), airbyte.sync()]
    with api_of(airbyte) as http:
        plain = http.get("/jobs").json()
        newest = http.get("/jobs", params={"orderBy": "createdAt|DESC", "limit": 1}).json()
        empty = http.get("/jobs", params={"offset": 2}).json()
        wrong = http.get("/jobs", params={"orderBy": "startTime"})
        later = http.get("/jobs", params={"createdAtStart": "2100-01-01T00:00:00Z"}).json()
    assert [job["jobId"] for job in plain["data"]] == jobs
    assert plain["next"].startswith("http://airbyte.cluster.internal:8001/")
    assert [job["jobId"] for job in newest["data"]] == [jobs[1]]
    assert (empty["data"], empty["next"], later["data"]) == ([], "", [])
    assert wrong.status_code == 400


def test_a_clear_removes_the_objects_and_forgets_the_cursor(airbyte: LocalAirbyte) -> None:
    airbyte.sync()
    with api_of(airbyte) as http:
        job = http.post("/jobs", json={"connectionId": airbyte.shop, "jobType": "clear"}).json()["jobId"]
    airbyte.client().wait(job, 10)
    assert airbyte.objects() == []
    airbyte.sync()
    assert asked(airbyte) == [None, None]


def test_a_connection_can_be_created_changed_and_deleted(airbyte: LocalAirbyte) -> None:
    with api_of(airbyte) as http:
        shop: dict[str, Any] = http.get(f"/connections/{airbyte.shop}").json()
        chosen = {"streams": [{"name": "orders"}]}
        body = {"sourceId": shop["sourceId"], "destinationId": shop["destinationId"], "name": "backfill"}
        made = http.post("/connections", json={**body, "configurations": chosen}).json()
        changed = http.patch(f"/connections/{made['connectionId']}", json={"status": "inactive"}).json()
        gone = http.delete(f"/connections/{made['connectionId']}").status_code
        missing = http.get(f"/connections/{made['connectionId']}").status_code
    assert (made["name"], made["schedule"], changed["status"]) == ("backfill", {"scheduleType": "manual"}, "inactive")
    assert (gone, missing) == (204, 404)


def test_a_created_connection_writes_under_its_own_path(airbyte: LocalAirbyte) -> None:
    with api_of(airbyte) as http:
        source = http.get(f"/connections/{airbyte.shop}").json()["sourceId"]
        made = http.post("/connections", json={"sourceId": source, "name": "backfill"}).json()
    client = airbyte.client()
    client.wait(client.ensure_sync(made["connectionId"]).id, 10)
    assert all(key.startswith("landing/backfill/") for key in airbyte.objects())


def test_health_needs_no_token(airbyte: LocalAirbyte) -> None:
    assert httpx.get(f"{airbyte.url}/api/public/v1/health").status_code == 200
    assert httpx.get(f"{airbyte.url}/_simulation/ready").json() == {"ready": True}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(1795258800, "2026-11-21T11:00Z"), (1795258805, "2026-11-21T11:00:05Z")],
)
def test_times_are_written_as_java_writes_them(seconds: int, text: str) -> None:
    assert java_time(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "PT0S"), (192, "PT3M12S"), (90_000, "PT25H")])
def test_durations_count_hours_and_never_days(seconds: int, text: str) -> None:
    assert java_duration(seconds) == text


# A restart


def test_a_restart_keeps_cursors_switches_and_clock_and_fails_the_running_job(
    open_airbyte: Callable[[], LocalAirbyte],
) -> None:
    before = open_airbyte()
    before.clock(CLOSE)
    before.sync()
    before.switch({"name": "stuck_job", "parameters": {"times": 1}})
    stuck = before.client().ensure_sync(before.shop).id
    after = open_airbyte()
    assert after.client().job(stuck).status == "failed"
    assert after.sync() == stuck + 1
    assert asked(after) == [datetime(2026, 11, 18, 5, 40, tzinfo=UTC)]
    assert httpx.get(f"{after.url}/_simulation/faults").json()[0]["uses"] == 1


# Spoiled and late objects


def test_a_cut_object_cannot_be_unpacked_and_is_sent_whole_after_the_repair(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "truncated_gzip", "source": "shop", "stream": "orders"})
    airbyte.sync()
    with pytest.raises(EOFError):
        airbyte.lines(airbyte.objects("landing/shop/orders/")[0])
    airbyte.switch()
    job = airbyte.sync()
    whole = [key for key in airbyte.objects("landing/shop/orders/") if f"/{job}_" in key]
    assert sum(len(airbyte.lines(key)) for key in whole) == 3


@pytest.mark.parametrize(
    ("name", "first"),
    [("broken_json", None), ("envelope_missing", {"id": 0, "total": 12.3})],
)
def test_some_lines_are_spoiled(airbyte: LocalAirbyte, name: str, first: dict[str, Any] | None) -> None:
    airbyte.switch({"name": name, "stream": "orders", "parameters": {"every": 2}})
    airbyte.sync()
    begun, whole = gzip.decompress(airbyte.body(airbyte.objects("landing/shop/orders/")[0])).splitlines()
    if first is None:
        with pytest.raises(json.JSONDecodeError):
            json.loads(begun)
    else:
        assert json.loads(begun) == first
    assert json.loads(whole)["_airbyte_data"]["id"] == 1


def test_a_late_object_appears_when_its_switch_is_turned_off(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "late_object", "stream": "orders"})
    job = airbyte.sync()
    assert (airbyte.client().job(job).rows_synced, len(airbyte.objects("landing/shop/orders/"))) == (4, 1)
    airbyte.switch()
    assert len(airbyte.objects("landing/shop/orders/")) == 2


def test_a_quota_fails_attempts_and_not_the_job(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "quota", "stream": "orders", "parameters": {"attempts": 19}})
    job = airbyte.client().job(airbyte.sync())
    assert (job.status, job.rows_synced) == ("succeeded", 4)


def test_a_foreign_job_is_met_with_a_conflict_and_adopted(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "foreign_job", "parameters": {"times": 1}})
    assert airbyte.client().job(airbyte.sync()).status == "succeeded"
    assert len(airbyte.server.state.jobs()) == 1


def test_a_connection_on_the_second_page_is_found_by_offset(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "crowded_workspace", "parameters": {"connections": 150}})
    assert airbyte.client().connection_for("shop").id == airbyte.shop


# Sources and destinations, read with the SDK


def test_sources_and_destinations_are_what_the_sdk_expects(airbyte: LocalAirbyte) -> None:
    with api_of(airbyte) as http:
        (source,) = http.get("/sources", params={"workspaceIds": WORKSPACE, "limit": 1}).json()["data"]
    promised = {
        field.alias or name for name, field in models.SourceResponse.model_fields.items() if field.is_required()
    }
    assert promised <= source.keys()
    assert (source["name"], source["sourceId"]) == ("shop", identity("source", "shop"))
    sdk = airbyte.client()._client.sdk
    wanted = api.GetDestinationRequest(destination_id=identity("destination", "shop-backfill"))
    found = sdk.destinations.get_destination(request=wanted).destination_response
    configured = found.configuration
    assert (configured.s3_bucket_path, configured.s3_path_format) == (
        "landing/backfill/shop", "${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/",
    )  # fmt: skip


def test_the_configuration_of_a_source_is_merged_and_its_range_is_read(airbyte: LocalAirbyte) -> None:
    airbyte.clock(CLOSE)
    source = identity("source", "shop-backfill")
    with api_of(airbyte) as http:
        for configuration in ({"start_date": "2026-06-01"}, {"end_date": "2026-06-02T23:59:59Z", "api_token": "x"}):
            patched = http.patch(f"/sources/{source}", json={"configuration": configuration}).json()
    assert patched["configuration"] == {
        "sourceType": "shop", "start_date": "2026-06-01", "end_date": "2026-06-02T23:59:59Z", "api_token": "*" * 10,
    }  # fmt: skip
    client = airbyte.client()
    client.wait(client.ensure_sync(identity("connection", "shop-backfill")).id, 10)
    asked = next(request for request in airbyte.reader.requests if request.stream == "orders")
    assert asked.days == (date(2026, 6, 1), date(2026, 6, 2))


@pytest.mark.parametrize(
    ("fault", "parameters", "fields"),
    [
        ("rename_field", {"field": "id", "to": "order_id"}, {"order_id", "updated_at"}),
        ("drop_field", {"field": "id"}, {"updated_at"}),
        ("new_field", {"field": "shoe_size"}, {"id", "updated_at", "shoe_size"}),
        ("multiply", {"metric": "total"}, {"id", "updated_at"}),
    ],
)
def test_discovered_streams_show_the_faults_of_their_fields(
    airbyte: LocalAirbyte, fault: str, parameters: dict[str, str], fields: set[str]
) -> None:
    airbyte.switch({"name": fault, "source": "shop", "stream": "orders", "parameters": parameters})
    client = airbyte.client()
    orders, plans = client.streams(client.connection_for("shop"), ignore_cache=True)
    assert {path[0] for path in orders.fields} == fields
    assert plans.fields == (("id",),)
