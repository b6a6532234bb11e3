"""What dbt did, out of the run_results.json that it leaves: the truth, also where the runner says less."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

_FAILURES = ("error", "fail", "runtime error")


@dataclass(frozen=True)
class NodeResult:
    """What became of one model, seed or test; `message` may quote values of the data."""

    name: str
    status: str
    message: str
    seconds: float

    @property
    def failed(self) -> bool:
        """Whether it broke, or found what must not be."""
        return self.status in _FAILURES


@dataclass(frozen=True)
class DbtOutcome:
    """The result of one invocation, with the file that proves it."""

    success: bool
    results: tuple[NodeResult, ...]
    run_results: Path


def read_results(path: Path) -> tuple[NodeResult, ...]:
    """The nodes of a run_results.json."""
    results = json.loads(path.read_text(encoding="utf-8"))["results"]
    return tuple(
        NodeResult(
            name=str(node["unique_id"]).split(".")[2],
            status=str(node["status"]),
            message=str(node.get("message") or ""),
            seconds=float(node.get("execution_time") or 0.0),
        )
        for node in results
    )
