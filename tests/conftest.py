"""Pipelines for tests: a home, a bucket and a warehouse of their own behind the product's real doors.

Everything heavy is imported by the fixtures, so that tests without a pipeline pay nothing.
"""

from __future__ import annotations

import gzip
import os
import random
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fastapi import FastAPI

    from tasks.ingest.seal import Batch
    from tasks.window import Window

PROJECT = Path(__file__).parents[1] / "dbt"
# Staging, then who is behind it, then everything that is made of both, as the pipeline does; in one process, because
# starting dbt and reading the project takes longer than the models.
BUILDS = """
import sys
from pathlib import Path
from dbt.cli.main import dbtRunner
from tasks.adapters.dbt_runner import close_connections
from tasks.adapters.warehouse.on_duckdb import DuckDBWarehouse
from tasks.build.people import link_people

file, marts, *words = sys.argv[1:]
wanted = ["--select", *(f"+{mart}" for mart in marts.split())] if marts else []
manifest = dbtRunner().invoke(["parse", *words]).result
for part in (["--select", "+path:models/staging"], [*wanted, "--exclude", "+path:models/staging"]):
    done = dbtRunner(manifest).invoke(["build", "--resource-type", "seed", "model", *part, *words])
    close_connections()
    if not done.success:
        sys.exit(str(done.exception or "a model did not build"))
    with DuckDBWarehouse(Path(file), "1GB", 2, 30.0) as warehouse:
        link_people.__wrapped__(warehouse)
"""
TOKEN_KEY = "5ec2e7" + "0b" * 29
EXTRACTED = 1_795_066_800_000


@dataclass
class Pipeline:
    """The way of a record, one step per method; the environment points to it only while a step runs."""

    home: Path
    endpoint: str
    bucket: str
    parsed: Path
    syncs: int = 0
    batches: dict[tuple[str, str, int], Batch] = field(default_factory=dict)

    @contextmanager
    def doors(self) -> Iterator[None]:
        """The settings of this pipeline, for the time of a step."""
        from tasks.settings import settings

        values = {
            "PLUMBLINE_HOME": str(self.home),
            "PLUMBLINE_S3_ENDPOINT": self.endpoint,
            "PLUMBLINE_S3_BUCKET": self.bucket,
            "PLUMBLINE_S3_ACCESS_KEY_ID": "k",
            "PLUMBLINE_S3_SECRET_ACCESS_KEY": "s",
            "PLUMBLINE_TOKEN_KEY": TOKEN_KEY,
            "PLUMBLINE_SITE_URL": "http://127.0.0.1:1",
        }
        with pytest.MonkeyPatch.context() as environment:
            for name, value in values.items():
                environment.setenv(name, value)
            settings.cache_clear()
            try:
                yield
            finally:
                settings.cache_clear()

    def deliver(self, source: str, window: Window, streams: Mapping[str, Sequence[bytes]]) -> int:
        """One finished sync with these payloads, landed, sealed and loaded; its id."""
        from expectations.declare.source import load as declared
        from tasks.ingest.land import land
        from tasks.ingest.load import load
        from tasks.ingest.seal import seal
        from tasks.ingest.sync import SyncRun

        self.syncs += 1
        at = datetime.fromtimestamp(EXTRACTED / 1000, UTC)
        run = SyncRun(source, window, "c", self.syncs, "succeeded", at, at, None, None)
        with self.doors():
            for name, payloads in streams.items():
                if not payloads:
                    continue
                stream = declared(source).streams[name]
                self._put(f"{stream.landing_prefix}2026/11/18/{self.syncs}_0_{EXTRACTED}.jsonl.gz", payloads)
                batch = seal.fn(land.fn(run, name), stream)
                load.fn(batch)
                self.batches[source, name, self.syncs] = batch
        return self.syncs

    def _put(self, key: str, payloads: Sequence[bytes]) -> None:
        from tasks import doors

        lines = b"".join(self.envelope(place, payload) for place, payload in enumerate(payloads, 1))
        doors.object_store().put(key, gzip.compress(lines, mtime=0))

    def envelope(self, place: int, payload: bytes) -> bytes:
        """A line as the S3 destination writes it."""
        meta = b'"_airbyte_meta":{"sync_id":%d,"changes":[]},"_airbyte_generation_id":0,' % self.syncs
        head = b'{"_airbyte_raw_id":"%d-%d","_airbyte_extracted_at":%d,' % (self.syncs, place, EXTRACTED)
        return head + meta + b'"_airbyte_data":' + payload + b"}\n"

    def build(self, marts: Sequence[str] = ()) -> None:
        """People and these marts (else all of dbt), in a process of its own; raw tables that nobody sent are empty."""
        from expectations.declare.source import load_all
        from tasks import doors

        with self.doors(), doors.warehouse() as warehouse:
            for source in load_all().values():
                for stream in source.streams.values():
                    warehouse.ensure_raw(stream.raw_table)
        self._dbt(marts)

    def measure(self, sources: Sequence[str]) -> None:
        """Staging, current rows and measurements of these sources, and nothing else."""
        self.run_dbt("run", "--select", *(f"+measure_{source}" for source in sources), "measurements")

    def run_dbt(self, *words: str) -> None:
        """One command of dbt on this warehouse, in a process of its own."""
        self._python("-m", "dbt.cli.main", *words)

    def _dbt(self, marts: Sequence[str]) -> None:
        self._python("-c", BUILDS, "warehouse.duckdb", " ".join(marts))

    def _python(self, *begin: str) -> None:
        work = self.home / "dbt"
        (work / "target").mkdir(parents=True, exist_ok=True)
        if self.parsed.exists():
            shutil.copyfile(self.parsed, work / "target" / self.parsed.name)
        # The name of the file is a part of what is parsed: the same name in every home saves dbt the reading.
        environment = os.environ | {"PLUMBLINE_WAREHOUSE_FILE": "warehouse.duckdb", "PYTHONPATH": str(PROJECT.parent)}
        words = ["--target", "embedded", "--quiet"]
        words += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)]
        words += ["--target-path", str(work / "target"), "--log-path", str(work / "logs")]
        done = subprocess.run(
            [sys.executable, "-W", "ignore", *begin, *words],
            cwd=self.home, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]
        shutil.copyfile(work / "target" / self.parsed.name, self.parsed)

    def ask(self, query: str, *params: object) -> list[tuple[Any, ...]]:
        """Rows of a query on the warehouse."""
        import duckdb

        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            return connection.execute(query, params).fetchall()

    def records(self, query: str, *params: object) -> list[dict[str, Any]]:
        """The same as dictionaries."""
        import duckdb

        with duckdb.connect(str(self.home / "warehouse.duckdb"), read_only=True) as connection:
            found = connection.execute(query, params)
            names = [column[0] for column in found.description or []]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """An application on a port of its own; it listens before the server starts, so nobody needs to wait."""
    import uvicorn

    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


WORKERS = 3  # as `plumbline check` starts them
# The longest files begin first, and all others run beside them.
_FIRST = ("test_demo.py", "test_faults.py")
_BASES = range(11_000, 21_000, 100)  # below the ports that the kernel hands out by itself


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files in front; the order within a file stays."""
    items.sort(key=lambda item: _FIRST.index(item.path.name) if item.path.name in _FIRST else len(_FIRST))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A new home to which every door opens; of the caller's own settings none is seen."""
    from tasks import doors
    from tasks.settings import settings

    def alone() -> None:
        for name in [name for name in os.environ if name.startswith("PLUMBLINE_")]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
        settings.cache_clear()

    alone()
    yield tmp_path
    alone()  # whatever the test has set
    if (tmp_path / "ops.sqlite").exists():
        doors.ops_store().close()
    settings.cache_clear()


@pytest.fixture(scope="session")
def free_base(worker_id: str) -> Callable[[], int]:
    """Finds a base port of the local stack whose ports are all free; workers share no base."""
    from deployments.local import parts

    nth = int(worker_id[2:]) if worker_id.startswith("gw") else 0
    mine = [base for base in _BASES if base // 100 % WORKERS == nth % WORKERS]

    return lambda: parts.free_base(random.sample(mine, len(mine)))


@pytest.fixture(scope="session")
def new_pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Pipeline]]:
    """Makes pipelines by name; all share one S3 server in this process, each has a bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"

    parsed = tmp_path_factory.mktemp("parsed") / "partial_parse.msgpack"

    def made(name: str) -> Pipeline:
        client = boto3.client(
            "s3", endpoint_url=endpoint, aws_access_key_id="k", aws_secret_access_key="s", region_name="us-east-1"
        )
        client.create_bucket(Bucket=name)
        client.close()
        return Pipeline(tmp_path_factory.mktemp(name), endpoint, name, parsed)

    yield made
    server.stop()
