"""A small BrightCart to crash in: one S3 server and one Airbyte-compatible server that outlive the pipeline.

A slot is a place for one run at a time: a home, a bucket, the state of an Airbyte and the process that forks the
pipeline. What came before the day in question is made once per slot and put back before every run.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from threading import Event

import uvicorn

from deployments.bench.crash_child import Order
from deployments.local import processes, s3
from deployments.local.airbyte.catalog import declared
from deployments.local.airbyte.destination import S3Access
from deployments.local.airbyte.server import Server, ServerConfig
from deployments.local.airbyte.world_reader import WorldReader
from deployments.local.prefect_server import SILENT
from deployments.local.saas.world import World
from expectations.declare.errors import Unavailable
from tasks.adapters.object_store import ObjectStore

KEY, SECRET, CLIENT = "PLCRASH", "5ec2e7" * 6, "crash"
EXTRACTED_AT = "05:40:00+00:00"
WORLD_SEED, WORLD_SCALE = 20261121, 0.0001


@dataclass(frozen=True)
class Day:
    """What the pipeline is asked for: these sources, refreshed, and then the close of the day."""

    day: date
    sources: tuple[str, ...]

    @property
    def instant(self) -> str:
        """When the sources are read: in the morning of the following day."""
        return f"{self.day + timedelta(days=1)}T{EXTRACTED_AT}"


@contextmanager
def s3_server(folder: Path, base: int) -> Iterator[str]:
    """The stack's S3 server for as long as the block lasts; its address."""
    store = bucket(s3.address(base), "plumbline")
    part = s3.part(folder / "s3", base, store)
    running = processes.start(part, folder / "s3.log")
    try:
        processes.wait_until_ready(part, running, log=folder / "s3.log", cancelled=Event())
        yield s3.address(base)
    finally:
        processes.stop(running)


def bucket(endpoint: str, name: str) -> ObjectStore:
    """A client of one bucket of the S3 server."""
    return ObjectStore(endpoint=endpoint, bucket=name, access_key=KEY, secret_key=SECRET)


@dataclass
class Slot:
    """One place for runs. `home` keeps its path for ever, because dbt's parsed project holds it."""

    folder: Path
    endpoint: str
    name: str
    world: World
    kept: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home, self.scratch, self.airbyte = (self.folder / part for part in ("home", "tmp", "airbyte"))
        for path in (self.home, self.scratch, self.airbyte):
            path.mkdir(parents=True)
        self.store = bucket(self.endpoint, self.name)
        self.store.ensure_bucket()
        self.server: _Serving | None = None
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start the process that forks the pipeline; returns when it has imported everything."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "PLUMBL"))}
        with (self.folder / "child.log").open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", "deployments.bench.crash_child"],
                env=environment | SILENT | self.environment(), text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        self._answer("ready")

    def close(self) -> None:
        """End everything of this slot."""
        self._stop_airbyte()
        if self.process:
            with self.process:  # its pipes are closed at the end of the block
                self.process.kill()

    def environment(self) -> dict[str, str]:
        """The settings of the pipeline in this slot."""
        return {
            "PLUMBLINE_HOME": str(self.home),
            "PLUMBLINE_S3_ENDPOINT": self.endpoint,
            "PLUMBLINE_S3_BUCKET": self.name,
            "PLUMBLINE_S3_ACCESS_KEY_ID": KEY,
            "PLUMBLINE_S3_SECRET_ACCESS_KEY": SECRET,
            "PLUMBLINE_AIRBYTE_URL": f"{self.server.url}/api/public/v1" if self.server else "",
            "PLUMBLINE_AIRBYTE_CLIENT_ID": CLIENT,
            "PLUMBLINE_AIRBYTE_CLIENT_SECRET": SECRET,
            "PLUMBLINE_AIRBYTE_POLL_SECONDS": "0.05",
            "PLUMBLINE_SEAL_AT_ONCE": "1",
            "PLUMBLINE_TOKEN_KEY": SECRET * 2,
            "PLUMBLINE_SITE_URL": "http://127.0.0.1:1",
            "PLUMBLINE_SLACK_TOKEN": "",
            # Nobody listens there: without an address prefect-dbt's runner starts a server of its own.
            "PREFECT_API_URL": f"http://{processes.LOOPBACK}:1/api",
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "TMPDIR": str(self.scratch),
        }

    def run(self, day: Day, *, strike_at: int = 0, delay: float = 0.0, counted: str = "") -> int:
        """One run of the pipeline in a process of its own; its exit status, -9 for one that was killed."""
        order = Order(self.environment(), day.sources, str(day.day), strike_at, delay, counted)
        assert self.process
        assert self.process.stdin
        self.process.stdin.write(order.as_line())
        self.process.stdin.flush()
        return int(self._answer(""))

    def keep(self) -> None:
        """Remember the state of now as the one that `put_back` returns to."""
        self._stop_airbyte()
        for name in ("home", "airbyte"):
            shutil.copytree(self.folder / name, self.folder / f"{name}-kept", symlinks=True)
        self.kept = {item.key: item.etag for item in self.store.list("")}

    def put_back(self, day: Day) -> None:
        """Everything as it was kept, with the sources at the morning after this day."""
        self._stop_airbyte()
        for name in ("home", "airbyte"):
            shutil.rmtree(self.folder / name)
            shutil.copytree(self.folder / f"{name}-kept", self.folder / name, symlinks=True)
        for left in self.scratch.iterdir():
            shutil.rmtree(left) if left.is_dir() else left.unlink()
        now = {item.key: item.etag for item in self.store.list("")}
        self.store.delete([key for key, etag in now.items() if self.kept.get(key) != etag])
        self.open_airbyte(day)

    def open_airbyte(self, day: Day) -> None:
        """Serve the sources as they are at the morning after this day."""
        self._stop_airbyte()
        access = S3Access(self.endpoint, self.name, KEY, SECRET)
        self.server = _Serving(
            Server(ServerConfig(self.airbyte, access, CLIENT, SECRET), declared(), WorldReader(self.world))
        )
        self.server.airbyte.state.put("clock", day.instant)
        self.server.airbyte.state.put("start_date", str(day.day - timedelta(days=2)))

    def wait_for_jobs(self) -> None:
        """Return when no Airbyte job runs."""
        assert self.server
        until = time.monotonic() + 30
        while any(not job.is_over for job in self.server.airbyte.state.jobs()) and time.monotonic() < until:
            time.sleep(0.02)

    def last_words(self) -> str:
        """The end of what the pipeline wrote about its errors."""
        return "\n".join((self.folder / "child.log").read_text().splitlines()[-12:])

    def _stop_airbyte(self) -> None:
        if self.server:
            self.server.stop()
        self.server = None

    def _answer(self, wanted: str) -> str:
        assert self.process
        assert self.process.stdout
        said = self.process.stdout.readline().strip()
        if not said or (wanted and said != wanted):
            raise Unavailable("the process that is to be killed did not start", do=self.last_words())
        return said


class _Serving:
    """An Airbyte-compatible server in a thread, on a port that the kernel chose."""

    def __init__(self, airbyte: Server) -> None:
        self.airbyte = airbyte
        listening = socket.create_server((processes.LOOPBACK, 0))
        self.url = f"http://{processes.LOOPBACK}:{listening.getsockname()[1]}"
        self.web = uvicorn.Server(uvicorn.Config(airbyte.app, log_level="critical", ws="none"))
        self.thread = threading.Thread(target=self.web.run, kwargs={"sockets": [listening]}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """Take leave of clients that are not there any more, too."""
        self.airbyte.stop()
        self.web.should_exit = self.web.force_exit = True
        self.thread.join(10)
