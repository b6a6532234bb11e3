"""The result of a check, in words that a marketer understands; everything that gates, alerts and documents reads it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from expectations.declare.personal import redacted

State = Literal["passed", "warned", "failed", "errored", "learning"]
Severity = Literal["critical", "warning", "info"]

# Every check by name, with its title for people; each has a runbook of its name, and a test compares the two lists.
CHECKS = {
    "schema_drift": "A field changed",
    "duplicate_load": "Delivered twice",
    "null_spike": "Too many empty values",
    "spend_anomaly": "Unusual spend",
    "reconciliation": "Total not reached",
    "restatement": "An old day changed",
    "completeness": "Rows are missing",
    "delivery": "A delivery is incomplete",
    "quarantine": "Something is held back",
    "freshness": "Data is old",
    "late": "Source is late",
    "slow_extract": "Extracts are slow",
    "missed_deadline": "Not published by 07:00",
    "paused": "Source is paused",
    "build_failed": "A model did not build",
    "data_test": "A data test failed",
    "identity_held": "Too large for one person",
    "bridge_residual": "A bridge does not close",
    "missing_rate": "A currency has no rate",
    "closed_month_changed": "A signed month changed",
    "server_down": "Prefect does not answer",
    "worker_down": "No worker",
    "run_missed": "A run did not start",
    "run_died": "A run keeps dying",
    "refresh_overdue": "Refresh overdue",
    "disk_full": "Disk nearly full",
    "lock_held": "Warehouse locked",
}
# A check that could not be evaluated, whichever it was: nothing is known, so the way out is not that of a failure.
ERRORED = "errored"
# Asked from outside of the pipeline (`plumbline watch`): they have no page of their own.
WATCHED = frozenset(
    {"server_down", "worker_down", "run_missed", "run_died", "refresh_overdue", "disk_full", "lock_held"}
)
# Asked of what a step did, not of measurements: no suite has them, the overview of their window shows them.
WITHOUT_SUITE = WATCHED | {
    *("delivery", "quarantine", "late", "paused", "build_failed", "data_test"),
    *("identity_held", "bridge_residual", "missing_rate", "closed_month_changed"),
}


class Span(Protocol):
    """What a verdict knows of its window: half-open, UTC. `tasks.window.Window` is one."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...
    @property
    def label(self) -> str: ...


@dataclass(frozen=True)
class Finding:
    """What a check says about one scope (a field, an object, an account and day)."""

    scope: str
    state: State
    severity: Severity
    sentence: str
    observed: str = ""
    expected: str = ""

    @property
    def shown(self) -> str:
        """The state for readers: what is only information is noted."""
        return "noted" if self.state == "warned" and self.severity == "info" else self.state

    @property
    def good(self) -> bool:
        """Whether nobody has to look."""
        return self.state in ("passed", "learning")


@dataclass(frozen=True)
class Verdict:
    """A finding with everything that a reader needs to act: whose it is, where it is, what to read.

    `errored` is a check that could not be evaluated, which is not the same as one that failed; `learning` is
    one without enough history to judge.
    """

    check: str
    source: str
    model: str
    scope: str
    state: State
    severity: Severity
    owner: str
    sentence: str
    observed: str
    expected: str
    runbook: str
    window: Span

    def __post_init__(self) -> None:
        """Whatever made it, no text of it reads like a personal value: alerts, pages and the store are made of it."""
        for name in ("scope", "sentence", "observed", "expected"):
            object.__setattr__(self, name, redacted(getattr(self, name)))

    @property
    def holds(self) -> bool:
        """Whether it holds the publication."""
        return self.severity == "critical" and self.state in ("failed", "errored")

    @property
    def alarming(self) -> bool:
        """Whether somebody must be told."""
        return self.state in ("failed", "errored", "warned") and self.severity != "info"


@dataclass(frozen=True)
class Subject:
    """What findings are about, and whose it is: a model of a source (or all of the source) in a window."""

    source: str
    model: str
    owner: str
    window: Span

    def verdict(self, check: str, finding: Finding) -> Verdict:
        """The finding of a check with everything that its reader needs; one that broke has a runbook of its own."""
        return Verdict(
            check=check,
            source=self.source,
            model=self.model,
            scope=finding.scope,
            state=finding.state,
            severity=finding.severity,
            owner=self.owner,
            sentence=finding.sentence,
            observed=finding.observed,
            expected=finding.expected,
            runbook=ERRORED if finding.state == "errored" else check,
            window=self.window,
        )


def bad(severity: Severity) -> State:
    """The state of a finding of this severity that did not pass."""
    return "failed" if severity == "critical" else "warned"
