"""What failed last and was not done since, read from the outcomes of the steps, so that it can be run again by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from tasks import doors
from tasks.adapters.ops_store import now
from tasks.outcomes import NO_WINDOW
from tasks.window import Window

Kind = Literal["refresh", "build", "close"]
# The step that only this kind of run has, and that comes first in it.
_FIRST_STEP: dict[str, Kind] = {"sync": "refresh", "wait_for_sources": "close", "build": "build"}
LOOK_BACK = timedelta(days=7)  # what failed longer ago is a matter for replay
_IN_ORDER: tuple[Kind, ...] = ("refresh", "build", "close")


@dataclass(frozen=True)
class Failed:
    """A run whose last step failed; `source` is empty for what concerns all of them."""

    kind: Kind
    source: str
    window: Window
    step: str
    reason: str
    at: datetime

    @property
    def about(self) -> str:
        """`refresh ga4 2026-11-17`."""
        return " ".join(part for part in (self.kind, self.source, self.window.label) if part)

    @property
    def words(self) -> str:
        """`refresh ga4 2026-11-17: land failed at 2026-11-18 03:12 UTC (S3 did not answer ...)`."""
        return (
            f"{self.about}: {self.step} failed at {self.at:%Y-%m-%d %H:%M} UTC ({self.reason or 'no reason recorded'})"
        )

    @property
    def command(self) -> str:
        """What a person types to run it again."""
        if self.kind == "close":
            return f"plumbline close {self.window.days()[-1]}"
        days = self.window.label.partition("T")[0]
        source = f" --source {self.source}" if self.source else ""
        return f"plumbline {self.kind}{source} --window {days}"


def failed_last(source: str = "", window: Window | None = None) -> tuple[Failed, ...]:
    """Runs that ended in a failed step and were not repeated with success: refreshes first, then builds, then closes.

    `source` and `window` narrow the choice; empty: everything.
    """
    newest: dict[tuple[Kind, str, Window], Failed | None] = {}
    for run in _runs(doors.ops_store().outcomes(since=now() - LOOK_BACK)):
        kind = _kind(run)
        if kind is None:
            continue
        about = (kind, _source(run) if kind == "refresh" else "", _window(run))
        newest.pop(about, None)  # the newest run of the same thing decides, and decides the order
        newest[about] = _failure(run, *about)
    found = [f for f in newest.values() if f and source in ("", f.source) and window in (None, f.window)]
    return tuple(sorted(found, key=lambda f: _IN_ORDER.index(f.kind)))


def _runs(outcomes: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Outcomes by run, the runs in the order in which they began."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in outcomes:
        found.setdefault(row["run"], []).append(row)
    return list(found.values())


def _kind(run: Sequence[dict[str, Any]]) -> Kind | None:
    return next((_FIRST_STEP[row["step"]] for row in run if row["step"] in _FIRST_STEP), None)


def _failure(run: Sequence[dict[str, Any]], kind: Kind, source: str, window: Window) -> Failed | None:
    last = run[-1]
    if last["status"] != "failed":
        return None
    return Failed(kind, source, window, last["step"], last["reason"], last["at"])


def _source(run: Sequence[dict[str, Any]]) -> str:
    return next((row["source"] for row in run if row["source"]), "")


def _window(run: Sequence[dict[str, Any]]) -> Window:
    spans = (Window(start=row["window_start"], end=row["window_end"]) for row in run)
    return next((span for span in spans if span != NO_WINDOW), NO_WINDOW)
