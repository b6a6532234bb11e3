"""The few questions that somebody outside asks a Prefect server, over plain HTTP and with little patience.

Prefect's own client would start a server where there is none; here no answer is an answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from expectations.declare.errors import Unavailable

PAGE = 200


@dataclass(frozen=True)
class Run:
    """One flow run; `since` is when it came into its state, `due` when it was to start (UTC)."""

    id: str
    name: str
    deployment_id: str | None
    state: str
    since: datetime
    due: datetime | None
    count: int


class PrefectApi:
    """One server, by the address of its API. Raises `Unavailable` when it does not answer in `seconds`."""

    def __init__(self, url: str, *, seconds: float = 5.0) -> None:
        self.url, self.seconds = url.rstrip("/"), seconds

    def healthy(self) -> bool:
        """Whether the server answers."""
        try:
            return httpx.get(f"{self.url}/health", timeout=self.seconds, trust_env=False).is_success
        except httpx.TransportError:
            return False

    def runs(self, states: Sequence[str], *, after: datetime | None = None) -> list[Run]:
        """Runs in states of these types; with `after` those that were to start later than that."""
        chosen: dict[str, Any] = {"state": {"type": {"any_": list(states)}}}
        if after:
            chosen["expected_start_time"] = {"after_": after.isoformat()}
        body = {"flow_runs": chosen, "sort": "EXPECTED_START_TIME_ASC", "limit": PAGE}
        return [_run(item) for item in self._asked("flow_runs/filter", body)]

    def last_heard_of_worker(self, pool: str) -> datetime | None:
        """When any worker of a pool last said that it lives."""
        found = self._asked(f"work_pools/{pool}/workers/filter", {})
        beats = [_instant(item["last_heartbeat_time"]) for item in found if item.get("last_heartbeat_time")]
        return max(beats, default=None)

    def crash(self, run: Run, message: str) -> None:
        """End a run whose process is gone."""
        self._set(run, {"type": "CRASHED", "name": "Crashed", "message": message})

    def start_again(self, run: Run, message: str) -> None:
        """Have a worker start the run once more, with its parameters and the time that it was due."""
        details = {"scheduled_time": datetime.now(UTC).isoformat()}
        state = {"type": "SCHEDULED", "name": "AwaitingRetry", "message": message, "state_details": details}
        self._set(run, state)

    def _set(self, run: Run, state: dict[str, Any]) -> None:
        self._asked(f"flow_runs/{run.id}/set_state", {"state": state, "force": True})

    def _asked(self, path: str, body: dict[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
        try:
            answer = httpx.post(f"{self.url}/{path}", json=body, timeout=self.seconds, trust_env=False)
            answer.raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable(
                f"the Prefect server did not answer ({type(error).__name__})",
                where=f"{self.url}/{path}",
                do="Start it; what runs goes on meanwhile",
            ) from error
        return answer.json()


def _run(item: dict[str, Any]) -> Run:
    state = item["state"]
    due = item.get("expected_start_time")
    return Run(
        id=str(item["id"]),
        name=str(item["name"]),
        deployment_id=item.get("deployment_id"),
        state=str(state["type"]),
        since=_instant(state["timestamp"]),
        due=_instant(due) if due else None,
        count=int(item.get("run_count") or 0),
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
