"""A client of the simulation behind the local sources: its clock, and the faults it injects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import httpx

from expectations.declare.errors import Unavailable


@dataclass(frozen=True)
class Fault:
    """One named fault (see `faults.py`) on one stream and day."""

    name: str
    source: str
    stream: str
    day: str
    parameters: dict[str, Any] = field(default_factory=dict)


class Simulation:
    """Sets what time it is for the sources, and what is wrong with them."""

    def __init__(self, url: str) -> None:
        self.url = url

    def set_clock(self, now: str | None) -> None:
        """ISO instant of every following extraction; None for the real time."""
        self._put("clock", {"now": now})

    def set_faults(self, faults: Sequence[Fault]) -> None:
        """Replace all faults."""
        self._put("faults", [asdict(fault) for fault in faults])

    def _put(self, what: str, body: object) -> None:
        try:
            httpx.put(f"{self.url}/_simulation/{what}", json=body, timeout=10).raise_for_status()
        except httpx.HTTPError as error:
            raise Unavailable("the simulated sources do not answer", where=self.url, do="Run `plumbline up`") from error
