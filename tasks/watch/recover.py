"""Runs whose process is gone: ended in Prefect, and started once more, because every flow may run twice.

A worker reports the death of a process that it started; nobody reports the death of the worker, of the machine or
of a run in a terminal. Those stay in "Running" until somebody looks here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from tasks.adapters.ops_pulse import Pulse
from tasks.adapters.prefect_api import Run
from tasks.watch.pulse import is_dead

UNDER_WAY = ("RUNNING", "CANCELLING")
FIRST_BEAT_WITHIN = timedelta(minutes=3)
# A worker takes some ten seconds from Pending to Running; one that died in between leaves the run there.
PENDING_AT_MOST = timedelta(minutes=3)
# Prefect reports one death twice, the process that watched it at once and the worker a little later (26 s later on a
# busy machine, measured); a run that was started again in between would be called crashed by the second report.
SETTLED_AFTER = timedelta(seconds=30)
# What crashed longer ago has been looked at by a person, or a later run has done its work.
AGAIN_WITHIN = timedelta(hours=2)
STARTS_AT_MOST = 5


class Server(Protocol):
    """What is asked of Prefect (`tasks.adapters.prefect_api.PrefectApi`); raises `Unavailable`."""

    url: str

    def healthy(self) -> bool: ...
    def runs(self, states: Sequence[str], *, after: datetime | None = None) -> list[Run]: ...
    def last_heard_of_worker(self, pool: str) -> datetime | None: ...
    def crash(self, run: Run, message: str) -> None: ...
    def start_again(self, run: Run, message: str) -> None: ...


@dataclass(frozen=True)
class Recovered:
    """Names of the runs that were found dead, that were started again, and that have died too often for it."""

    ended: tuple[str, ...]
    started_again: tuple[str, ...]
    given_up: tuple[str, ...]


def recover(api: Server, pulses: dict[str, Pulse], at: datetime) -> Recovered:
    """End what is dead, and start again what crashed on a worker; raises `Unavailable` without a server.

    What is ended now is started again by a later look, when everybody has reported its death. A run that a person
    started in a terminal is ended only: the person is there. A run without any pulse began no step yet, and is left
    alone.
    """
    dead = [run for run in api.runs(UNDER_WAY) if run.id in pulses and _is_dead(run, pulses[run.id], at)]
    for run in dead:
        api.crash(run, "Its process is gone: found by plumbline watch")
    stuck = [run for run in api.runs(["PENDING"]) if run.deployment_id and at - run.since > PENDING_AT_MOST]
    crashed = [run for run in api.runs(["CRASHED"], after=at - AGAIN_WITHIN * 2) if run.deployment_id]
    of_worker = [*stuck, *(run for run in crashed if SETTLED_AFTER <= at - run.since < AGAIN_WITHIN)]
    again = [run for run in of_worker if run.count < STARTS_AT_MOST]
    for run in again:
        api.start_again(run, f"Start {run.count + 1} of {STARTS_AT_MOST}: its process was killed")
    tired = [run for run in of_worker if run.count >= STARTS_AT_MOST]
    return Recovered(_names(dead), _names(again), _names(tired))


def _is_dead(run: Run, pulse: Pulse, at: datetime) -> bool:
    """Whether its process is gone; a pulse from before the run's last start is that of an earlier process."""
    if pulse.beat_at < run.since:
        return at - run.since > FIRST_BEAT_WITHIN
    return is_dead(pulse, at)


def _names(runs: list[Run]) -> tuple[str, ...]:
    return tuple(sorted(run.name for run in runs))
