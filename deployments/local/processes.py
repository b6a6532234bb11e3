"""Processes of the local stack: started apart from the terminal, known by pid and start time, ended for certain."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import httpx
import psutil

from expectations.declare.errors import Misconfigured, Unavailable

LOOPBACK = "127.0.0.1"
TERM_SECONDS = 5.0
LOOK_EVERY = 0.1
SAME_START = 2.0  # /proc counts from the boot time, which moves by a second when the clock is corrected


@dataclass(frozen=True)
class Part:
    """One process of the stack: how it starts, which ports it takes, and how it says that it is ready.

    `ready` makes one request and returns whether it succeeded; it gets the start time of the process.
    """

    name: str
    address: str
    command: tuple[str, ...]
    ports: tuple[int, ...]
    ready: Callable[[float], bool]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    after: tuple[str, ...] = ()
    seconds: float = 60.0


@dataclass(frozen=True)
class Running:
    """A process that was started: its pid means nothing without the start time (seconds since 1970)."""

    pid: int
    started: float
    address: str
    plan: str = ""


def start(part: Part, log: Path, *, plan: str = "") -> Running:
    """Start a part in a session of its own, so that Ctrl-C in a terminal does not reach it."""
    refuse_taken_ports(part)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists():
        log.replace(log.with_suffix(".1.log"))
    output = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    pid = os.posix_spawn(
        part.command[0],
        part.command,
        {**_inherited(), **part.environment},
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, str(log), output, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    return Running(pid, psutil.Process(pid).create_time(), part.address, plan)


def wait_until_ready(part: Part, running: Running, *, log: Path, cancelled: Event) -> None:
    """Return after the first successful request; `Unavailable` with the last log lines if there is none in time."""
    deadline = time.monotonic() + part.seconds
    while not part.ready(running.started):
        if not is_alive(running):
            refuse_taken_ports(part)
            raise Unavailable(f"{part.name} ended while it started", where=part.address, do=_last_lines(log))
        if time.monotonic() > deadline:
            what = f"{part.name} did not answer within {part.seconds:.0f} s"
            raise Unavailable(what, where=part.address, do=_last_lines(log))
        if cancelled.wait(LOOK_EVERY):
            raise Unavailable(f"waiting for {part.name} was given up", where=part.address, do="Run it again.")


def is_alive(running: Running) -> bool:
    """Whether this very process, and not another one with its pid, still runs."""
    return _find(running) is not None


def stop(running: Running) -> None:
    """TERM, five seconds, KILL; then whatever it had started. Another process with this pid is left alone."""
    process = _find(running)
    if process is None:
        return
    family = [process, *_children(process)]
    _signal(process, signal.SIGTERM)
    _wait_for_end(process, TERM_SECONDS)
    family += [child for child in _children(process) if child not in family]
    for member in family:
        if not _ended(member):
            _signal(member, signal.SIGKILL)
    for member in family:
        _wait_for_end(member, TERM_SECONDS)


def answers(url: str) -> bool:
    """Whether a GET is answered with a success; proxies do not see it."""
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.TransportError:
        return False


def refuse_taken_ports(part: Part) -> None:
    """`Misconfigured` if something else listens where this part should."""
    taken = [port for port in part.ports if not is_free(port)]
    if taken:
        raise Misconfigured(
            f"port {', '.join(map(str, taken))} is taken by another program, and {part.name} needs it",
            where=f"{LOOPBACK}:{taken[0]}",
            do="End that program, or move the whole stack: set PLUMBLINE_PORT_BASE.",
        )


def is_free(port: int) -> bool:
    """Whether nothing listens on a loopback port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a closed connection is no listener
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def no_proxy() -> dict[str, str]:
    """The environment that keeps requests to this machine away from a proxy of the network."""
    given = os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or ""
    hosts = ",".join(dict.fromkeys([*filter(None, given.split(",")), LOOPBACK, "localhost"]))
    return {"NO_PROXY": hosts, "no_proxy": hosts}


def _inherited() -> dict[str, str]:
    # Settings of another Prefect (a cloud profile, a key) must not reach the local one.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, **no_proxy(), "PYTHONUNBUFFERED": "1"}


def _find(running: Running) -> psutil.Process | None:
    try:
        process = psutil.Process(running.pid)
        same = abs(process.create_time() - running.started) < SAME_START
    except psutil.NoSuchProcess:
        return None
    return process if same and not _ended(process) else None


def _ended(process: psutil.Process) -> bool:
    try:
        if process.status() != psutil.STATUS_ZOMBIE:
            return not process.is_running()
        if process.num_threads() > 1:  # its first thread is gone, the others still hold the ports
            return False
        if process.ppid() == os.getpid():
            os.waitpid(process.pid, os.WNOHANG)
    except (psutil.NoSuchProcess, ChildProcessError):
        return True
    return True


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _signal(process: psutil.Process, number: signal.Signals) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def _wait_for_end(process: psutil.Process, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not _ended(process) and time.monotonic() < deadline:
        Event().wait(LOOK_EVERY)


def _last_lines(log: Path, lines: int = 12) -> str:
    if not log.exists():
        return f"It wrote no log ({log})."
    with log.open(errors="replace") as file:
        kept = deque(file, maxlen=lines)
    return f"The last lines of {log}:\n{''.join(kept).rstrip()}"
