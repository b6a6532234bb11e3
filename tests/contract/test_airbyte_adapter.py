"""The real airbyte-api SDK, behind the product's adapter, against the local server over HTTP."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import tasks.adapters.airbyte as airbyte_adapter
from deployments.local.airbyte.catalog import identity
from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters import airbyte_requests
from tasks.adapters.airbyte import Airbyte, AirbyteConfig
from tasks.adapters.airbyte_sdk import Unclear

if TYPE_CHECKING:
    from tests.contract.conftest import LocalAirbyte


def jobs(airbyte: LocalAirbyte) -> int:
    return len(airbyte.server.state.jobs())


# Credentials


@pytest.mark.parametrize("switch", ["json_only", "form_only"])
def test_a_token_is_bought_in_either_encoding(airbyte: LocalAirbyte, switch: str) -> None:
    airbyte.switch({"name": switch})
    assert airbyte.client().connection_for("shop").id == airbyte.shop


def test_a_token_that_died_is_renewed_within_the_call(airbyte: LocalAirbyte) -> None:
    client = airbyte.client()
    client.connection_for("shop")
    airbyte.server.tokens.issued.clear()
    assert client.connection_for("shop").status == "active"


def test_a_token_that_is_always_refused_is_a_matter_of_credentials(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "token_dies_early", "parameters": {"seconds": 0}})
    with pytest.raises(Misconfigured, match=r"401.*PLUMBLINE_AIRBYTE_CLIENT_ID"):
        airbyte.client().connection_for("shop")


def test_wrong_credentials_name_their_settings_and_show_no_secret(airbyte: LocalAirbyte) -> None:
    with pytest.raises(Misconfigured) as caught:
        airbyte.client(client_secret="wr0ng-secret").connection_for("shop")
    assert "PLUMBLINE_AIRBYTE_CLIENT_ID and PLUMBLINE_AIRBYTE_CLIENT_SECRET" in str(caught.value)
    assert "wr0ng-secret" not in str(caught.value)


@pytest.mark.parametrize(("url", "what"), [("", "is empty"), ("localhost:8000/api/public/v1", "is no web address")])
def test_an_address_that_cannot_work_names_its_setting(url: str, what: str) -> None:
    with pytest.raises(Misconfigured, match=f"PLUMBLINE_AIRBYTE_URL {what}"):
        Airbyte(AirbyteConfig(url=url, client_id="a", client_secret="b"))


def test_an_address_that_is_not_the_public_api_names_its_setting(airbyte: LocalAirbyte) -> None:
    with pytest.raises(Misconfigured, match=r"PLUMBLINE_AIRBYTE_URL; it ends in /api/public/v1"):
        airbyte.client(url=f"{airbyte.url}/api/v1").connection_for("shop")


# A server that is down or unwell


def test_a_server_that_is_down_is_unavailable_with_address_and_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    config = AirbyteConfig(f"http://127.0.0.1:{port}/api/public/v1", "a", "b", retry_seconds=0.2)
    client = Airbyte(config)
    with pytest.raises(Unavailable, match=rf"for \d+ s, \d+ tries.*ConnectError \(http://127.0.0.1:{port}/"):
        client.job(1)
    client.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_short_burst_of_refusals_does_not_disturb_a_read(airbyte: LocalAirbyte, status: int) -> None:
    client = airbyte.client()
    client.connection_for("shop")
    airbyte.switch({"name": "burst", "parameters": {"status": status, "times": 2}})
    assert client.connection_for("shop").id == airbyte.shop


def test_an_endless_burst_ends_as_unavailable(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "burst", "parameters": {"status": 503}})
    with pytest.raises(Unavailable, match="503"):
        airbyte.client(retry_seconds=0.3).connection_for("shop")


# Connections


def test_a_connection_on_the_second_page_is_found_by_its_name(airbyte: LocalAirbyte) -> None:
    assert airbyte.client().connection_for("source_049", backfill=True).name == "source_049-backfill"


def test_a_configured_connection_id_goes_before_the_name(airbyte: LocalAirbyte) -> None:
    assert airbyte.client(connections=f"other=x, meta={airbyte.shop}").connection_for("meta").name == "shop"


def test_a_source_without_a_connection_is_told_how_to_get_one(airbyte: LocalAirbyte) -> None:
    with pytest.raises(Misconfigured, match="PLUMBLINE_AIRBYTE_CONNECTIONS=nothing="):
        airbyte.client().connection_for("nothing")


def test_a_configured_connection_that_does_not_exist_names_the_setting(airbyte: LocalAirbyte) -> None:
    with pytest.raises(Misconfigured, match=r"404.*PLUMBLINE_AIRBYTE_CONNECTIONS"):
        airbyte.client(connections="shop=6d9d3e7e-0000-0000-0000-000000000000").connection_for("shop")


def test_an_inactive_connection_is_refused_with_its_reason(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "breaking_change", "source": "shop", "parameters": {"reason": "column id was removed"}})
    with pytest.raises(Misconfigured, match="'shop' is inactive: column id was removed"):
        airbyte.client().ensure_sync(airbyte.shop)
    assert jobs(airbyte) == 0


def test_the_streams_of_a_source_are_told_with_keys_and_cursor(airbyte: LocalAirbyte) -> None:
    client = airbyte.client()
    orders, plans = client.streams(client.connection_for("shop"))
    assert (orders.name, orders.primary_key, orders.cursor) == ("orders", (("id",),), ("updated_at",))
    assert (plans.fields, plans.cursor) == ((("id",),), ())


# Starting a sync, once


def test_a_sync_is_started_and_awaited(airbyte: LocalAirbyte) -> None:
    client = airbyte.client()
    seen: list[str] = []
    job = client.wait(client.ensure_sync(airbyte.shop).id, 10, seen=lambda job: seen.append(job.status))
    assert (job.status, job.rows_synced, job.connection_id) == ("succeeded", 4, airbyte.shop)
    assert job.updated_at is not None
    assert job.updated_at >= job.started_at
    assert seen[-1] == "succeeded"


def test_a_running_sync_is_adopted_by_a_second_client(airbyte: LocalAirbyte) -> None:
    airbyte.reader.let_go.clear()
    first = airbyte.client().ensure_sync(airbyte.shop)
    second = airbyte.client(poll_seconds=0.05).ensure_sync(airbyte.shop)
    airbyte.reader.let_go.set()
    assert second.id == first.id
    assert second.rows_synced is None
    assert jobs(airbyte) == 1


def test_a_finished_sync_is_not_adopted(airbyte: LocalAirbyte) -> None:
    first = airbyte.sync()
    assert airbyte.sync() == first + 1


def test_a_post_that_times_out_after_creating_the_job_is_adopted_and_not_repeated(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "slow_post", "parameters": {"seconds": 5}})
    job = airbyte.client(request_seconds=0.3).ensure_sync(airbyte.shop)
    assert job.connection_id == airbyte.shop
    assert jobs(airbyte) == 1


def test_a_quick_job_behind_a_slow_post_is_found_although_it_is_over(airbyte: LocalAirbyte) -> None:
    airbyte.sync()
    airbyte.switch({"name": "slow_post", "parameters": {"seconds": 5}}, {"name": "false_success"})
    job = airbyte.client(request_seconds=0.3).ensure_sync(airbyte.shop)
    assert (job.id, job.status, jobs(airbyte)) == (2, "succeeded", 2)


def test_a_409_after_creating_the_job_is_adopted(airbyte: LocalAirbyte) -> None:
    airbyte.reader.let_go.clear()
    airbyte.switch({"name": "lost_post"})
    job = airbyte.client().ensure_sync(airbyte.shop)
    airbyte.reader.let_go.set()
    assert (job.id, jobs(airbyte)) == (1, 1)


def test_a_refused_post_is_repeated_only_after_no_job_appeared(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "burst", "parameters": {"status": 503, "method": "POST", "times": 2}})
    client = airbyte.client()  # the first 503 meets the request for a token, the second POST /jobs
    assert client.ensure_sync(airbyte.shop).id == 1
    assert jobs(airbyte) == 1


def test_posts_that_never_work_end_as_unavailable(airbyte: LocalAirbyte) -> None:
    client = airbyte.client(adopt_seconds=0.05)
    client.connection_for("shop")
    airbyte.switch({"name": "burst", "parameters": {"status": 503, "method": "POST"}})
    with pytest.raises(Unavailable, match="started no sync"):
        client.ensure_sync(airbyte.shop)
    assert jobs(airbyte) == 0


# Waiting and cancelling


def test_a_stuck_job_is_cancelled_at_its_deadline(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "stuck_job", "parameters": {"status": "queued"}})
    client = airbyte.client()
    job = client.ensure_sync(airbyte.shop)
    with pytest.raises(Unavailable, match=rf"job {job.id} was not over after 0 s and is now cancelled"):
        client.wait(job.id, 0.1)
    assert client.job(job.id).status == "cancelled"


def test_a_running_job_is_cancelled_and_leaves_the_way_free(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "stuck_job", "parameters": {"times": 1}})
    client = airbyte.client()
    assert client.cancel(client.ensure_sync(airbyte.shop).id).status == "cancelled"
    assert airbyte.sync() == 2


def test_cancelling_a_job_that_is_over_changes_nothing(airbyte: LocalAirbyte) -> None:
    assert airbyte.client().cancel(airbyte.sync()).status == "succeeded"


def test_a_status_of_a_newer_server_does_not_end_the_wait(airbyte: LocalAirbyte) -> None:
    airbyte.reader.let_go.clear()
    airbyte.switch({"name": "unknown_status", "parameters": {"status": "hibernating"}})
    client = airbyte.client()
    job = client.ensure_sync(airbyte.shop)
    done = client.wait(
        job.id, 10, seen=lambda job: airbyte.reader.let_go.set() if job.status == "hibernating" else None
    )
    assert done.status == "succeeded"


def test_an_unknown_job_is_refused(airbyte: LocalAirbyte) -> None:
    with pytest.raises(Misconfigured, match="404 job 77"):
        airbyte.client().job(77)


def test_a_false_success_shows_as_missing_statistics(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "false_success"})
    job = airbyte.client().job(airbyte.sync())
    assert (job.status, job.rows_synced, job.bytes_synced) == ("succeeded", None, None)
    assert airbyte.objects() == []


def test_a_failed_job_is_returned_as_failed(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "failed_job", "stream": "orders", "parameters": {"parts": 1}})
    assert airbyte.client().job(airbyte.sync()).status == "failed"
    assert len(airbyte.objects("landing/shop/orders/")) == 1


def test_a_job_that_cannot_write_its_objects_fails(airbyte: LocalAirbyte) -> None:
    airbyte.s3.delete_bucket(Bucket="plumbline")
    assert airbyte.client().job(airbyte.sync()).status == "failed"


# Looking back, clearing


def test_all_jobs_since_an_instant_are_listed_oldest_first_over_pages(
    airbyte: LocalAirbyte, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(airbyte_requests, "PAGE", 1)
    monkeypatch.setattr(airbyte_adapter, "PAGE", 1)
    jobs = [airbyte.sync(), airbyte.sync()]
    client = airbyte.client()
    assert [job.id for job in client.jobs_since(airbyte.shop, datetime.now(UTC))] == jobs
    assert client.jobs_since(airbyte.shop, datetime.now(UTC) + timedelta(hours=1)) == []
    assert client.jobs_since(identity("connection", "shop-backfill"), datetime.now(UTC)) == []


def test_a_clear_is_waited_for_and_is_no_sync(airbyte: LocalAirbyte) -> None:
    airbyte.sync()
    client = airbyte.client()
    assert client.clear(airbyte.shop, 10).status == "succeeded"
    assert airbyte.objects() == []
    assert [job.id for job in client.jobs_since(airbyte.shop, datetime.now(UTC))] == [1]


def test_a_clear_beside_a_running_sync_is_unavailable(airbyte: LocalAirbyte) -> None:
    airbyte.switch({"name": "stuck_job"})
    client = airbyte.client()
    client.ensure_sync(airbyte.shop)
    with pytest.raises(Unavailable, match="does not clear the connection now"):
        client.clear(airbyte.shop, 10)


def test_a_token_that_died_is_renewed_for_requests_past_the_sdk(airbyte: LocalAirbyte) -> None:
    client = airbyte.client()
    assert len(client.workspace.actors("source")) == 102
    airbyte.server.tokens.issued.clear()
    client.workspace.change("connection", airbyte.shop, {"status": "inactive"})
    airbyte.server.tokens.issued.clear()
    with pytest.raises(Misconfigured, match="'shop' is inactive"):
        client.ensure_sync(airbyte.shop)


def test_a_creation_with_an_unclear_answer_is_looked_for_and_not_repeated(
    airbyte: LocalAirbyte, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = airbyte.client().workspace
    made = workspace.create("destination", {"name": "once", "configuration": {"s3_bucket_path": "p"}})

    def unanswered(*_: object) -> object:
        raise Unclear("ReadTimeout")

    monkeypatch.setattr(workspace._requests, "post", unanswered)
    again = workspace.create("destination", {"name": "once", "configuration": {}})
    assert again["destinationId"] == made["destinationId"]
    with pytest.raises(Unavailable, match="did not say whether the destination never was created"):
        workspace.create("destination", {"name": "never", "configuration": {}})
