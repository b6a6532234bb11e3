"""Every process that runs flows says so while it lives, and says which; who falls silent is dead.

Prefect has heartbeats too, but none shorter than 30 s, and they tell nothing while its server is down.
"""

from __future__ import annotations

import os
import socket
import threading
from collections import deque
from contextlib import suppress
from datetime import datetime, timedelta

import psutil
import sqlalchemy as sa

from expectations.declare.errors import Unavailable
from tasks import doors
from tasks.adapters.ops_pulse import OpsPulses, Pulse
from tasks.adapters.ops_store import now

EVERY_SECONDS = 10.0
SILENT_AFTER = timedelta(seconds=40)
SAME_START = 2.0  # seconds; /proc counts from the boot time, which moves when the clock is corrected
KEPT_RUNS = 16  # of one process; older ones have ended

_RUNS: deque[str] = deque(maxlen=KEPT_RUNS)
_LOCK = threading.Lock()
_BEATING: list[int] = []  # the pid whose thread beats: a forked child has no threads of its parent


def begin(run: str) -> None:
    """Let this run have a pulse from now on, as long as this process lives."""
    with _LOCK:
        if run not in _RUNS:
            _RUNS.append(run)
        if os.getpid() not in _BEATING:
            _BEATING[:] = [os.getpid()]
            threading.Thread(target=_beat_for_ever, name="pulse", daemon=True).start()
    beat()


def beat() -> None:
    """Renew the pulse of every run of this process; an ops store that does not answer is tried again later."""
    began = psutil.Process().create_time()
    with _LOCK:
        pulses = [Pulse(run, socket.gethostname(), os.getpid(), began, now()) for run in _RUNS]
    with suppress(sa.exc.SQLAlchemyError, Unavailable):
        OpsPulses(doors.ops_store().engine).beat(pulses)


def is_dead(pulse: Pulse, at: datetime) -> bool:
    """Whether the process of a run has ended: at once where it was on this machine, else by its silence."""
    if at - pulse.beat_at > SILENT_AFTER:
        return True
    return pulse.host == socket.gethostname() and not _lives(pulse)


def _lives(pulse: Pulse) -> bool:
    try:
        process = psutil.Process(pulse.pid)
        return abs(process.create_time() - pulse.process_began) < SAME_START and _is_running(process)
    except psutil.NoSuchProcess:
        return False


def _is_running(process: psutil.Process) -> bool:
    return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)


def _beat_for_ever() -> None:
    pause = threading.Event()
    while not pause.wait(EVERY_SECONDS):
        beat()
