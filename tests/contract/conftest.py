"""A local Airbyte over real HTTP, writing to an S3 server in this process, for the tests named test_airbyte_*."""

from __future__ import annotations

import gzip
import json
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
import uvicorn
from moto.server import ThreadedMotoServer
from mypy_boto3_s3 import S3Client

from deployments.local.airbyte.catalog import Catalog, StreamSpec, identity
from deployments.local.airbyte.destination import S3Access
from deployments.local.airbyte.reader import Request
from deployments.local.airbyte.server import Server, ServerConfig
from deployments.local.saas.blocks import Block
from expectations.declare.source import Source, load
from tasks import doors
from tasks.adapters.airbyte import Airbyte, AirbyteConfig
from tasks.settings import settings

BUCKET = "plumbline"
RECORD_FAULTS = frozenset({"drop_field", "multiply", "new_field", "rename_field"})
CATALOG: Catalog = {
    "shop": (
        StreamSpec("orders", cursor="updated_at", key=("id",), fields=("id", "updated_at"), part_rows=2),
        StreamSpec("plans", sync="full_refresh_overwrite", key=("id",), fields=("id",), part_rows=2),
    ),
    **{f"source_{n:03}": () for n in range(50)},
}


def shop_source() -> Source:
    """A declared source whose two streams are those of the test server."""
    orders = load("shopify").streams["orders"].model_copy(update={"source": "shop"})
    plans = orders.model_copy(update={"name": "plans", "sync": "full_refresh_overwrite", "cursor": None})
    return load("shopify").model_copy(update={"name": "shop", "streams": {"orders": orders, "plans": plans}})


@dataclass
class FakeReader:
    """Three orders and one plan; the held stream waits before its first record until it is let go."""

    held: str = "orders"
    requests: list[Request] = field(default_factory=list)
    waits: threading.Event = field(default_factory=threading.Event)
    let_go: threading.Event = field(default_factory=threading.Event)

    def read(self, request: Request) -> Iterator[Block]:
        if request.stream == self.held:
            self.waits.set()
            self.let_go.wait(10)
        self.requests.append(request)
        for n in range(3 if request.stream == "orders" else 1):
            yield Block([b'{"id":%d,"total":12.30}' % n])


@dataclass
class LocalAirbyte:
    """What a test may touch: the server object, its address, its objects, and clients."""

    server: Server
    url: str
    s3: S3Client
    reader: FakeReader
    clients: list[Airbyte] = field(default_factory=list)

    @property
    def shop(self) -> str:
        return identity("connection", "shop")

    def client(self, **changes: str | float) -> Airbyte:
        """The product's adapter, impatient; without changes always the same one."""
        if not changes and self.clients:
            return self.clients[0]
        if changes and not self.clients:
            self.client()
        values: dict[str, Any] = {
            "url": f"{self.url}/api/public/v1", "client_id": "plumbline", "client_secret": "right",
            "request_seconds": 5.0, "poll_seconds": 0.02, "retry_seconds": 3.0, "busy_seconds": 0.9,
            "adopt_seconds": 0.3,
        }  # fmt: skip
        self.clients.append(Airbyte(AirbyteConfig(**{**values, **changes})))
        return self.clients[-1]

    def switch(self, *faults: dict[str, Any]) -> None:
        httpx.put(f"{self.url}/_simulation/faults", json=list(faults)).raise_for_status()

    def clock(self, now: str | None) -> None:
        httpx.put(f"{self.url}/_simulation/clock", json={"now": now}).raise_for_status()

    def sync(self) -> int:
        """One whole sync of the shop; its job id."""
        client = self.client()
        return client.wait(client.ensure_sync(self.shop).id, 10).id

    def objects(self, prefix: str = "") -> list[str]:
        found = self.s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
        return [item["Key"] for item in found]

    def body(self, key: str) -> bytes:
        return bytes(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def lines(self, key: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in gzip.decompress(self.body(key)).splitlines()]


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(s3_endpoint: str) -> Iterator[S3Client]:
    httpx.post(f"{s3_endpoint}/moto-api/reset").raise_for_status()
    client = boto3.client(
        "s3", endpoint_url=s3_endpoint, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
    )
    client.create_bucket(Bucket=BUCKET)
    yield client
    client.close()


@pytest.fixture
def open_airbyte(s3: S3Client, s3_endpoint: str, tmp_path: Path) -> Iterator[Callable[[], LocalAirbyte]]:
    """Starts a server on the same state; a second call is a restart."""
    running: list[tuple[LocalAirbyte, uvicorn.Server, threading.Thread]] = []

    def stop() -> None:
        local, server, thread = running.pop()
        local.server.stop()
        for client in local.clients:
            client.close()
        server.should_exit = True
        thread.join(10)

    def start() -> LocalAirbyte:
        if running:
            stop()
        access = S3Access(s3_endpoint, BUCKET, "k", "s")
        reader = FakeReader()
        reader.let_go.set()
        config = ServerConfig(tmp_path, access, "plumbline", "right")
        server = Server(config, CATALOG, reader, record_faults=RECORD_FAULTS)
        listening = socket.create_server(("127.0.0.1", 0))
        web = uvicorn.Server(uvicorn.Config(server.app, log_level="critical", ws="none"))
        thread = threading.Thread(target=web.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        running.append((LocalAirbyte(server, url, s3, reader), web, thread))
        return running[-1][0]

    yield start
    if running:
        stop()


@pytest.fixture
def airbyte(open_airbyte: Callable[[], LocalAirbyte]) -> LocalAirbyte:
    return open_airbyte()


@pytest.fixture
def client(
    airbyte: LocalAirbyte, s3_endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Airbyte]:
    """The adapter behind the product's doors, with a home and the settings of the bucket."""
    values = {"ENDPOINT": s3_endpoint, "BUCKET": BUCKET, "ACCESS_KEY_ID": "k", "SECRET_ACCESS_KEY": "s"}
    for name, value in values.items():
        monkeypatch.setenv(f"PLUMBLINE_S3_{name}", value)
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    settings.cache_clear()
    monkeypatch.setattr(doors, "airbyte", airbyte.client)
    monkeypatch.setattr("tasks.ingest.land.declared", lambda name: shop_source())
    yield airbyte.client()
    doors.ops_store().close()
    settings.cache_clear()
