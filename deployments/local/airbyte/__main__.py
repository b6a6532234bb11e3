"""Runs the server: `python -m deployments.local.airbyte --port P --home H`; the stack sets its environment."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from deployments.local.airbyte.catalog import declared
from deployments.local.airbyte.destination import S3Access
from deployments.local.airbyte.server import Server, ServerConfig
from deployments.local.airbyte.world_reader import WorldReader
from deployments.local.saas.reader import FAULTS
from deployments.local.saas.world import World
from expectations.declare.errors import Misconfigured

# Long enough for a request in flight, short enough for `plumbline down`.
_GRACE_SECONDS = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve on loopback until the process is told to stop."""
    parser = argparse.ArgumentParser(prog="deployments.local.airbyte", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--home", type=Path, required=True, help="folder of the state (PLUMBLINE_HOME)")
    chosen = parser.parse_args(arguments)
    world = World(int(_setting("PLUMBLINE_SEED")), float(_setting("PLUMBLINE_SCALE")))
    server = Server(_config(chosen.home), declared(), WorldReader(world), record_faults=FAULTS)
    uvicorn.run(
        server.app,
        host="127.0.0.1",
        port=chosen.port,
        log_level="warning",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )


def _config(home: Path) -> ServerConfig:
    return ServerConfig(
        home=home,
        s3=S3Access(
            endpoint=_setting("PLUMBLINE_S3_ENDPOINT"),
            bucket=_setting("PLUMBLINE_S3_BUCKET"),
            access_key_id=_setting("PLUMBLINE_S3_ACCESS_KEY_ID"),
            secret_access_key=_setting("PLUMBLINE_S3_SECRET_ACCESS_KEY"),
        ),
        client_id=_setting("PLUMBLINE_AIRBYTE_CLIENT_ID"),
        client_secret=_setting("PLUMBLINE_AIRBYTE_CLIENT_SECRET"),
    )


def _setting(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise Misconfigured(f"the environment variable {name} is empty", do="Start the server with `plumbline up`")
    return value


if __name__ == "__main__":
    main()
