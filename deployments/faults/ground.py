"""The ground on which faults are tried: a local S3 and Airbyte, the product's own doors, and a clock that is told.

Started in a home of its own; the marts of a world without faults come from the same servers and the same keys, out of
cleared connections and into an empty warehouse.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from deployments.faults.case import HISTORY
from deployments.faults.without_prefect import Called, Refreshed, bodies
from deployments.local import stack
from deployments.local.airbyte.catalog import identity
from deployments.local.airbyte.state import OVER
from deployments.local.saas.simulation import Fault, Simulation
from expectations.declare.source import Source, load, load_all
from tasks import doors
from tasks.adapters import airbyte as airbyte_adapter
from tasks.adapters.airbyte import AirbyteConfig
from tasks.adapters.ops_quarantine import QuarantineIndex
from tasks.settings import settings
from tasks.window import Window

# The smallest world in which every account has clicks on every day.
SCALE = "0.00002"
_EXTRACTED = "05:40:00"  # UTC of the following day: after midnight in New York
_PARTS = ("s3", "airbyte")
_POLL_SECONDS = 0.02
_IMPATIENT = {"poll_seconds": _POLL_SECONDS, "retry_seconds": 5.0, "busy_seconds": 1.0, "adopt_seconds": 0.5}
_REQUEST_SECONDS, _EXTRACT_WITHIN = 10.0, 30.0


@dataclass(frozen=True)
class Patience:
    """Seconds that one refresh waits for an answer and for a job."""

    request: float = _REQUEST_SECONDS
    job: float = _EXTRACT_WITHIN


class Ground:
    """A running stack of two parts, and the pipeline on it."""

    def __init__(self) -> None:
        self._simulation = Simulation(stack.simulation_url())
        start = {"start_date": str(HISTORY[0])}
        httpx.put(f"{self._simulation.url}/_simulation/settings", json=start, timeout=10).raise_for_status()

    def after(self, day: date, at: str = _EXTRACTED) -> None:
        """Set the clock of all sources to the morning after a day."""
        self._simulation.set_clock(f"{day + timedelta(days=1)}T{at}Z")

    def faults(self, on: Sequence[Fault]) -> None:
        """Have exactly these faults on."""
        self._simulation.set_faults(on)

    def jobs(self, source: str) -> list[dict[str, Any]]:
        """The jobs of a source's connection that the server knows, oldest first."""
        found = httpx.get(f"{self._simulation.url}/_simulation/jobs", timeout=10).json()
        return [job for job in found if job["connection_id"] == identity("connection", source)]

    def refresh(
        self, source: str, window: Window, *, again: bool = False, patience: Patience | None = None
    ) -> Refreshed:
        """Refresh a source by its flow, up to the load; what is measured and told waits for others."""
        import flows.refresh_source as flow

        done, patience, real = Refreshed(), patience or Patience(), airbyte_adapter.AirbyteConfig
        quiet: dict[str, Called] = dict.fromkeys(("announce", "document", "deliver", "hold_back", "judge"), _nothing)
        quiet["measure"] = lambda *_, **__: _Unmeasured()
        declared = partial(_declared, seconds=patience.job)
        with (
            patch.object(airbyte_adapter, "AirbyteConfig", partial(_impatient, real, patience)),
            bodies(flow, done, declared=declared, **quiet),
        ):
            done.verdicts = flow.refresh_source.fn(source, window, again)
        return done

    def dismiss(self, source: str) -> None:
        """Leave out the damaged objects of a source, as a person decides who has looked at them."""
        index = QuarantineIndex(doors.ops_store().engine)
        damaged = [held for held in index.found(source) if held.kind == "object"]
        index.settle(damaged, "dismissed", reason="the source sends it again")

    def clear(self) -> None:
        """Clear every connection, as an operator does: its objects go, and it reads from the start again."""
        with _api() as api:
            for source in load_all():
                body = {"connectionId": identity("connection", source), "jobType": "clear"}
                job = api.post("/jobs", json=body).raise_for_status().json()["jobId"]
                while api.get(f"/jobs/{job}").raise_for_status().json()["status"] not in OVER:
                    time.sleep(_POLL_SECONDS)

    @contextmanager
    def beside(self) -> Iterator[Path]:
        """An empty warehouse and an empty memory in the same home; yields where the warehouse of before is."""
        file = settings().warehouse_file
        kept = file.with_name("with_faults.duckdb")
        file.rename(kept)
        with patch.dict(os.environ, {"PLUMBLINE_OPS_URL": f"sqlite:///{file.with_name('without_faults.sqlite')}"}):
            settings.cache_clear()
            yield kept
            doors.ops_store().close()
        settings.cache_clear()


@dataclass(frozen=True)
class _Unmeasured:
    verdicts: tuple[()] = ()


@contextmanager
def ground(home: Path, base: int) -> Iterator[Ground]:
    """Start the two parts in this home, and end them."""
    clean = {name for name in os.environ if name.startswith(("PLUMBLINE_", "PREFECT_"))}
    mine = {"PLUMBLINE_HOME": str(home), "PLUMBLINE_PORT_BASE": str(base), "PLUMBLINE_SCALE": SCALE}
    with patch.dict(os.environ, mine):
        for name in clean - mine.keys():
            del os.environ[name]
        settings.cache_clear()
        try:
            stack.up(lambda _line: None, only=_PARTS)
            yield Ground()
        finally:
            stack.down()
            doors.ops_store().close()
    settings.cache_clear()


def _nothing(*_: object, **__: object) -> tuple[()]:
    return ()


def _declared(source: str, *, seconds: float) -> Source:
    return load(source).model_copy(update={"extract_within": timedelta(seconds=seconds)})


def _impatient(real: Callable[..., AirbyteConfig], patience: Patience, **given: Any) -> AirbyteConfig:  # noqa: ANN401
    return real(**given | _IMPATIENT | {"request_seconds": patience.request})


def _api() -> httpx.Client:
    s = settings().airbyte
    credentials = {"client_id": s.client_id, "client_secret": s.client_secret.get_secret_value()}
    token = httpx.post(f"{s.url}/applications/token", json=credentials, timeout=10).raise_for_status().json()
    return httpx.Client(base_url=s.url, headers={"Authorization": f"Bearer {token['access_token']}"}, timeout=10)
