"""The Prefect server of a home and its worker: SQLite, loopback, nothing sent to anybody."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path

import httpx

from deployments.local.processes import LOOPBACK, Part, answers

POOL, WORKER = "plumbline", "local"
SILENT = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",  # DO_NOT_TRACK alone leaves the server trying
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "GX_ANALYTICS_ENABLED": "false",
}


def address(base: int) -> str:
    """The UI of a stack's server; its API is below `/api`."""
    return f"http://{LOOPBACK}:{base}"


def client_environment(home: Path, api_url: str) -> dict[str, str]:
    """What a process needs to talk to this server and to no other."""
    return {
        **SILENT,
        "PREFECT_API_URL": api_url,
        "PREFECT_HOME": str(home / "prefect"),
        # A start without the server takes 19-52 s, the default limit is 20 s.
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "90",
        "PLUMBLINE_HOME": str(home),
    }


def server(home: Path, base: int) -> Part:
    """The API, the UI and the scheduler; ready when it is healthy and the work pool is there."""
    api_url = f"{address(base)}/api"
    return Part(
        name="prefect",
        address=address(base),
        command=(
            *(sys.executable, "-m", "deployments.local.prefect_api", "server", "start"),
            *("--host", LOOPBACK, "--port", str(base)),
        ),
        ports=(base,),
        ready=lambda _started: answers(f"{api_url}/health") and _has_pool(api_url),
        environment={
            **client_environment(home, api_url),
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect' / 'prefect.db'}",
            # In memory, the default, a restart of the server forgets the leases and keeps their slots taken for ever.
            "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": "prefect.server.concurrency.lease_storage.filesystem",
            "PREFECT_SERVER_CONCURRENCY_INITIAL_DEPLOYMENT_LEASE_DURATION": "60",  # 300 s by default
            "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "2",  # how often it looks for dead leases: 15 s
            "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "5",  # 30 s until who waits asks again
            "PREFECT_SERVER_DATABASE_TIMEOUT": "60",  # SQLite waits this long for its lock on a busy machine
            "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        },
        seconds=300,  # 15-27 s alone on two cores, four times that beside other work
    )


def worker(home: Path, base: int) -> Part:
    """The process that starts flow runs; ready when the server has heard from it."""
    api_url = f"{address(base)}/api"
    return Part(
        name="worker",
        address=f"{address(base)}/work-pools/work-pool/{POOL}",
        command=(
            *(sys.executable, "-m", "prefect", "worker", "start"),
            *("--pool", POOL, "--type", "process", "--name", WORKER),
        ),
        ports=(),
        ready=lambda started: _has_heard(api_url, started),
        environment={**client_environment(home, api_url), "PREFECT_WORKER_QUERY_SECONDS": "2"},
        after=("prefect",),
        seconds=180,
    )


def _has_pool(api_url: str) -> bool:
    answer = _asked(f"{api_url}/work_pools/", {"name": POOL, "type": "process"})
    return answer is not None and (answer.is_success or answer.status_code == httpx.codes.CONFLICT)


def _has_heard(api_url: str, since: float) -> bool:
    answer = _asked(f"{api_url}/work_pools/{POOL}/workers/filter", {})
    if answer is None or not answer.is_success:
        return False
    heartbeats = [worker["last_heartbeat_time"] for worker in answer.json() if worker["name"] == WORKER]
    return any(datetime.fromisoformat(beat).timestamp() >= since for beat in heartbeats if beat)


def _asked(url: str, body: dict[str, str]) -> httpx.Response | None:
    try:
        return httpx.post(url, json=body, timeout=5, trust_env=False)
    except httpx.TransportError:
        return None
