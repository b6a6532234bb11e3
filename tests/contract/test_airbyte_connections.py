"""Connections are brought to what the declarations say: a plan first, then the change, then nothing to do."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from deployments.commands import connections as command
from deployments.local.airbyte.catalog import identity
from expectations.declare.errors import Misconfigured
from tasks.adapters.airbyte import Airbyte
from tasks.adapters.airbyte_workspace import Kind
from tasks.ingest.connections import Plan, apply, plan
from tests.contract.conftest import LocalAirbyte, shop_source

SHOP = {"shop": shop_source()}
DAILY, BACKFILL = identity("connection", "shop"), identity("connection", "shop-backfill")
NOTHING = Plan((), ())


def delete(airbyte: LocalAirbyte, kind: Kind, name: str) -> None:
    server = airbyte.server.connections
    if kind == "connection":
        server.delete(identity(kind, name))
    else:
        (server.sources if kind == "source" else server.destinations).delete(identity(kind, name))


def told(found: Plan) -> list[tuple[str, str, str, str, str]]:
    return [(step.kind, step.name, d.name, d.now, d.then) for step in found.steps for d in step.differences]


def test_the_local_airbyte_is_as_declared(client: Airbyte) -> None:
    assert plan(SHOP) == NOTHING


def test_a_missing_connection_is_created_with_its_own_destination_and_works(
    airbyte: LocalAirbyte, client: Airbyte
) -> None:
    for kind in ("connection", "destination"):
        delete(airbyte, kind, "shop-backfill")
    found = plan(SHOP)
    assert [(step.kind, step.name, step.id) for step in found.steps] == [
        ("destination", "shop-backfill", ""),
        ("connection", "shop-backfill", ""),
    ]
    shown = {name: then for _, _, name, _, then in told(found)}
    assert shown["s3_bucket_path"] == "landing/backfill/shop"
    assert shown["file_name_pattern"] == "{sync_id}_{part_number}_{timestamp:millis}{format_extension}"
    assert shown["stream plans"] == "syncMode full_refresh_overwrite"
    apply(found)
    assert plan(SHOP) == NOTHING
    made = client.connection_for("shop", backfill=True)
    client.wait(client.ensure_sync(made.id).id, 10)
    assert all(key.startswith("landing/backfill/shop/") for key in airbyte.objects())


def test_what_was_changed_by_hand_is_shown_field_by_field_and_changed_back(
    airbyte: LocalAirbyte, client: Airbyte
) -> None:
    mappers = [{"type": "hashing"}]
    streams = [{"name": "orders", "syncMode": "full_refresh_append", "mappers": mappers}, {"name": "gone"}]
    body: dict[str, Any] = {"schedule": {"scheduleType": "cron"}, "configurations": {"streams": streams}}
    client.workspace.change("connection", DAILY, body)
    client.workspace.change("destination", identity("destination", "shop"), {"configuration": {"format": {}}})
    found = plan(SHOP)
    assert told(found) == [
        ("destination", "shop", "format", "",
         "format_type JSONL, compression compression_type GZIP, flattening No flattening"),
        ("connection", "shop", "schedule", "scheduleType cron", "scheduleType manual"),
        ("connection", "shop", "stream orders", "syncMode full_refresh_append", "syncMode incremental_append"),
        ("connection", "shop", "stream plans", "", "syncMode full_refresh_overwrite"),
        ("connection", "shop", "stream gone", "on", "off"),
    ]  # fmt: skip
    apply(found)
    assert plan(SHOP) == NOTHING
    changed = airbyte.server.connections.find(DAILY)
    assert changed is not None
    (orders, _) = changed.body["configurations"]["streams"]
    assert (orders["mappers"], orders["syncMode"]) == (mappers, "incremental_append")


def test_a_missing_source_is_asked_for_by_connector_and_name_of_its_secret(
    airbyte: LocalAirbyte, client: Airbyte
) -> None:
    for kind in ("connection", "source"):
        delete(airbyte, kind, "shop")
    found = plan(SHOP)
    assert found.steps == ()
    (words,) = found.missing
    assert "the source shop: create it in Airbyte with the connector shopify" in words
    assert "under the name SHOPIFY" in words


def test_a_stream_that_its_source_does_not_offer_is_said(client: Airbyte) -> None:
    orders = SHOP["shop"].streams["orders"].model_copy(update={"name": "carts"})
    more = SHOP["shop"].model_copy(update={"streams": {**SHOP["shop"].streams, "carts": orders}})
    found = plan({"shop": more})
    assert "the stream carts: the source of the connection shop does not offer it" in found.missing


@pytest.mark.parametrize("path", ["landing/shop", "landing", "landing/shop/orders"])
def test_a_path_that_another_connection_shares_is_refused(airbyte: LocalAirbyte, client: Airbyte, path: str) -> None:
    configuration = {"destinationType": "s3", "s3_bucket_name": "plumbline", "s3_bucket_path": path}
    made = client.workspace.create("destination", {"name": "theirs", "configuration": configuration})
    body = {"name": "theirs", "sourceId": identity("source", "source_001"), "destinationId": made["destinationId"]}
    client.workspace.create("connection", body)
    with pytest.raises(Misconfigured, match=r"the Airbyte connections \S+ and \S+ would write below the same path"):
        plan(SHOP)


def test_a_destination_that_another_connection_uses_is_refused(airbyte: LocalAirbyte, client: Airbyte) -> None:
    body = {"sourceId": identity("source", "source_001"), "destinationId": identity("destination", "shop")}
    client.workspace.create("connection", {"name": "theirs", **body})
    with pytest.raises(Misconfigured, match="shop and theirs share one destination"):
        plan(SHOP)


def test_the_commands_show_the_plan_and_no_credential(
    airbyte: LocalAirbyte, client: Airbyte, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "load_all", lambda: SHOP)
    monkeypatch.setenv("PLUMBLINE_S3_SECRET_ACCESS_KEY", "very-secret")
    for kind in ("connection", "destination"):
        delete(airbyte, kind, "shop")
    run = CliRunner().invoke
    planned, applied, again = (run(command.app, [name]) for name in ("plan", "apply", "plan"))
    assert planned.output.splitlines()[:2] == ["create destination shop", "    destinationType: s3"]
    assert planned.output.endswith("2 changes; `plumbline connections apply` makes them.\n")
    assert (applied.exit_code, applied.output.splitlines()[-1]) == (0, "2 changes made.")
    assert again.output == "Airbyte is as declared: nothing to do.\n"
    assert "very-secret" not in planned.output + applied.output


def test_secrets_do_not_leave_the_server_again(client: Airbyte) -> None:
    configuration = {"destinationType": "s3", "secret_access_key": "very-secret", "s3_bucket_path": "p"}
    made = client.workspace.create("destination", {"name": "d", "configuration": configuration})
    assert client.workspace.actors("destination")["d"].configuration["secret_access_key"] == "**********"
    assert "very-secret" not in str(made)
