"""Where a close spends its time, from the outcome rows and Prefect's own run times.

The last closed day is taken: every refresh of its window and the close itself. Prefect's share is what its flow
runs lasted beyond the steps in them; `other` is what the whole took beyond those runs.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from rich.console import Console
from rich.table import Table

from expectations.declare.errors import Misconfigured
from tasks import doors

PHASES = {
    "sync": "sync",
    "collect": "sync",
    "land": "seal",
    "seal": "seal",
    "load": "load",
    "settle": "load",
    "build": "dbt",
    "test": "dbt",
    "measure": "measure",
    "judge": "judge",
    "judge_marts": "judge",
    "judge_published": "judge",
    "wait_for_sources": "wait",
    "publish": "publish",
    "document": "document",
    "announce": "alert",
    "deliver": "alert",
}


@dataclass(frozen=True)
class Span:
    """One flow run, as the server saw it, from the moment it was asked for."""

    start: datetime
    end: datetime

    @property
    def seconds(self) -> float:
        """How long it lasted."""
        return (self.end - self.start).total_seconds()


def run(*, as_json: bool) -> None:
    """Print the table; needs a closed day and the running Prefect server."""
    seconds = measured()
    total = sum(seconds.values())
    table = Table(title="One close, refreshes included")
    for heading in ("phase", "seconds", "share"):
        table.add_column(heading, justify="left" if heading == "phase" else "right")
    for phase, spent in sorted(seconds.items(), key=lambda item: -item[1]):
        table.add_row(phase, f"{spent:.1f}", f"{spent / total:.1%}")
    Console().print(table)
    if as_json:
        print(
            json.dumps(
                {"total_seconds": round(total, 1), "share": {k: round(v / total, 4) for k, v in seconds.items()}}
            )
        )


def measured() -> dict[str, float]:
    """Seconds by phase of the newest day whose refreshes and close ran on this server."""
    rows = _newest_close()
    spent: dict[str, float] = defaultdict(float)
    for row in rows:
        spent[PHASES[row["step"]]] += row["millis"] / 1000
    spans = _flow_runs({row["run"] for row in rows})
    inside = sum(spent.values())
    spent["Prefect"] = max(sum(s.seconds for s in spans) - inside, 0.0)
    whole = (max(s.end for s in spans) - min(s.start for s in spans)).total_seconds()
    spent["other"] = max(whole - sum(s.seconds for s in spans), 0.0)
    return dict(spent)


def _newest_close() -> list[dict[str, Any]]:
    outcomes = doors.ops_store().outcomes()
    closes = [row for row in outcomes if row["step"] == "wait_for_sources"]
    if not closes:
        raise Misconfigured("no day has been closed yet", do="Run `make demo` first")
    last = closes[-1]
    ended = max(row["at"] for row in outcomes if row["run"] == last["run"])
    same = [row for row in outcomes if _belongs(row, last, ended)]
    runs = {row["run"] for row in same}
    return [row for row in outcomes if row["run"] in runs and row["step"] in PHASES]


def _belongs(row: dict[str, Any], close: dict[str, Any], ended: datetime) -> bool:
    near = ended - row["at"] < timedelta(minutes=15)
    return bool(near and row["at"] <= ended and row["window_start"] == close["window_start"])


def _flow_runs(ids: Sequence[str] | set[str]) -> list[Span]:
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        runs = [client.read_flow_run(UUID(run)) for run in ids]
    # From the moment it was asked for: a run on a worker waits for its process to start, which is Prefect's share.
    return [Span(r.expected_start_time, r.end_time) for r in runs if r.expected_start_time and r.end_time]
