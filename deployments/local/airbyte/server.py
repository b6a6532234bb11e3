"""Puts the Airbyte-compatible server together: one object that owns the state, the jobs and the routes."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from fastapi import Depends, FastAPI, Request

from deployments.local.airbyte import actors_api, connections_api, jobs_api, simulation_api
from deployments.local.airbyte.catalog import Catalog
from deployments.local.airbyte.connections import Connections
from deployments.local.airbyte.destination import S3Access, S3Destination
from deployments.local.airbyte.problems import Problem, answer
from deployments.local.airbyte.reader import Reader
from deployments.local.airbyte.state import State
from deployments.local.airbyte.switches import Switches
from deployments.local.airbyte.syncs import Syncs
from deployments.local.airbyte.tokens import Tokens, token_routes

BASE = "/api/public/v1"


@dataclass(frozen=True)
class ServerConfig:
    """Where the server keeps its state, where it writes, and who may use it."""

    home: Path
    s3: S3Access
    client_id: str
    client_secret: str = field(repr=False)


class Server:
    """The server without its network half: `app` is what uvicorn runs."""

    def __init__(
        self,
        config: ServerConfig,
        catalog: Catalog,
        reader: Reader,
        *,
        record_faults: frozenset[str] = frozenset(),
    ) -> None:
        self.state = State(config.home / "airbyte")
        self.switches = Switches(self.state)
        self.destination = S3Destination(config.s3)
        self.syncs = Syncs(self.state, self.switches, reader, self.destination)
        bucket = {
            "s3_bucket_name": config.s3.bucket,
            "s3_bucket_region": "us-east-1",
            "s3_endpoint": config.s3.endpoint,
        }
        self.connections = Connections(catalog, self.state, self.switches, bucket)
        self._stopping = threading.Event()
        self.tokens = Tokens(config.client_id, config.client_secret, self.switches)
        self.app = self._app(record_faults)

    def stop(self) -> None:
        """Let go of slow requests and of running jobs."""
        self._stopping.set()
        self.syncs.close()

    def close(self) -> None:
        """Stop, and close files and connections."""
        self.stop()
        self.destination.close()
        self.state.close()

    def _app(self, record_faults: frozenset[str]) -> FastAPI:
        app = FastAPI(title="Airbyte-compatible API", lifespan=self._lifespan)
        app.add_exception_handler(Problem, answer)
        unwell, known = Depends(self._maybe_busy), Depends(self._require_token)
        app.include_router(connections_api.health(), prefix=BASE)
        app.include_router(token_routes(self.tokens), prefix=BASE, dependencies=[unwell])
        jobs = jobs_api.routes(self.state, self.connections, self.syncs, self._stopping)
        actors = (actors_api.routes(self.connections.sources), actors_api.routes(self.connections.destinations))
        for router in (jobs, connections_api.routes(self.connections), *actors):
            app.include_router(router, prefix=BASE, dependencies=[unwell, known])
        app.include_router(simulation_api.routes(self.state, self.switches, record_faults))
        return app

    @asynccontextmanager
    async def _lifespan(self, app: FastAPI) -> AsyncIterator[None]:
        yield
        self.close()

    def _maybe_busy(self, request: Request) -> None:
        burst = self.switches.on("burst")
        method = str(burst.parameters.get("method", request.method)) if burst else ""
        if burst and method == request.method:
            self.switches.take("burst")
            status = int(burst.number("status", 503))
            raise Problem(status, "unexpected-problem", "Too many requests" if status == 429 else "Try again later")

    def _require_token(self, request: Request) -> None:
        self.tokens.check(request.headers.get("authorization", ""))
