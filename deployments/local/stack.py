"""The local stack as one thing: started side by side, known from `stack.json`, ended as exactly what was started."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Literal

from filelock import FileLock, Timeout

from deployments.local import parts as plans
from deployments.local import prefect_server, processes, stack_file
from deployments.local.processes import Part, Running
from deployments.local.stack_file import StackFile
from expectations.declare.errors import Misconfigured, Unavailable
from tasks.settings import settings

Say = Callable[[str], None]
ANOTHER_SECONDS = 180.0


@dataclass(frozen=True)
class PartStatus:
    """One part as `plumbline status` shows it; `pid` is None where nothing runs."""

    name: str
    state: Literal["running", "not answering", "stopped"]
    address: str
    pid: int | None


@dataclass(frozen=True)
class StackInfo:
    """A stack that is up."""

    home: Path
    prefect_api_url: str
    parts: tuple[PartStatus, ...]


def up(say: Say, *, only: Collection[str] = ()) -> StackInfo:
    """Start what does not run (`only`: these parts and no others), and return when every part answers.

    What runs as planned is kept; a part whose settings changed is started anew. Raises `Misconfigured` (a port is
    taken, a program is missing) or `Unavailable` with the last log lines of the part that did not come up.
    """
    settings.cache_clear()
    home = settings().home
    with _alone(home):
        recorded = stack_file.read(home)
        core = settings().core
        values = {
            **recorded.with_secrets(),
            **plans.addresses(core.port_base),
            "PLUMBLINE_SCALE": repr(core.scale),
            "PLUMBLINE_SEED": str(core.seed),
        }
        content = StackFile(recorded.parts, values, f"{prefect_server.address(core.port_base)}/api")
        launch = _Launch(home, content, say)
        launch.run([part for part in plans.plan(home, values) if not only or part.name in only])
    settings.cache_clear()
    return StackInfo(home, content.prefect_api_url, tuple(found for found in status() if found.pid))


def down(say: Say = lambda _line: None) -> None:
    """End what `up` started: by pid and start time, the worker first, so that it takes leave of its server."""
    home = settings().home
    with _alone(home):
        content = stack_file.read(home)
        last = {name: running for name, running in content.parts.items() if name != "worker"}
        for group in ({"worker": content.parts["worker"]} if "worker" in content.parts else {}, last):
            with ThreadPoolExecutor(len(plans.NAMES)) as pool:
                list(pool.map(lambda item: _end(item[0], item[1], say), group.items()))
        if content.parts:
            stack_file.write(home, dataclasses.replace(content, parts={}))


def status() -> list[PartStatus]:
    """Every part of the stack, asked now."""
    content = stack_file.read(settings().home)
    if not content.settings:
        return [PartStatus(name, "stopped", "", None) for name in plans.NAMES]
    parts = plans.plan(settings().home, content.settings)
    with ThreadPoolExecutor(len(parts)) as pool:
        return list(pool.map(lambda part: _status_of(part, content.parts.get(part.name)), parts))


def environment() -> dict[str, str]:
    """What a process needs in its environment to run flows against this stack (or without one: no telemetry)."""
    home = settings().home
    content = stack_file.read(home)
    if not content.prefect_api_url:
        return {**prefect_server.SILENT, "PLUMBLINE_HOME": str(home)}
    return {**prefect_server.client_environment(home, content.prefect_api_url), **processes.no_proxy()}


def simulation_url() -> str:
    """Where the clock and the faults of the simulated sources are set."""
    return plans.simulation(_base())


def places() -> dict[str, str]:
    """The five places to look, by name."""
    content = stack_file.read(settings().home)
    site = content.settings.get("PLUMBLINE_SITE_URL", "")
    return {
        "Prefect UI": prefect_server.address(_base()),
        "Site": f"{site}/",
        "Data Docs": f"{site}/data-docs/index.html",
        "Slack channel": f"{plans.slack(_base())}/",
        "Published marts": str(settings().home / "published" / "current"),
    }


class _Launch:
    """One `up`: parts come up side by side, each is written down the moment it has a pid."""

    def __init__(self, home: Path, content: StackFile, say: Say) -> None:
        self.home, self.content, self.say = home, content, say
        self.lock, self.cancelled = Lock(), Event()
        self.begun: dict[str, Future[None]] = {}
        stack_file.write(home, content)

    def run(self, parts: Collection[Part]) -> None:
        with ThreadPoolExecutor(max(1, len(parts))) as pool:
            try:
                for part in parts:
                    self.begun[part.name] = pool.submit(self._bring_up, part)
                done, _ = wait(self.begun.values(), return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
            finally:
                self.cancelled.set()  # an error or Ctrl-C ends the waiting; what was started is on record

    def _bring_up(self, part: Part) -> None:
        for name in part.after:
            self.begun[name].result()
        began, recorded, mark = time.monotonic(), self.content.parts.get(part.name), plans.fingerprint(part)
        log = self.home / "logs" / "stack" / f"{part.name}.log"
        kept = recorded is not None and recorded.plan == mark and processes.is_alive(recorded)
        if recorded is None or not kept:
            recorded = self._start(part, recorded, log=log, mark=mark)
        processes.wait_until_ready(part, recorded, log=log, cancelled=self.cancelled)
        self.say(f"{part.name}: {'kept' if kept else f'ready after {time.monotonic() - began:.1f} s'}, {part.address}")

    def _start(self, part: Part, former: Running | None, *, log: Path, mark: str) -> Running:
        if former:
            processes.stop(former)
        running = processes.start(part, log, plan=mark)
        with self.lock:
            self.content = dataclasses.replace(self.content, parts={**self.content.parts, part.name: running})
            stack_file.write(self.home, self.content)
        return running


def _end(name: str, running: Running, say: Say) -> None:
    lived = processes.is_alive(running)
    processes.stop(running)
    say(f"{name}: {'ended' if lived else 'had ended before'}")


def _status_of(part: Part, recorded: Running | None) -> PartStatus:
    if recorded is None or not processes.is_alive(recorded):
        return PartStatus(part.name, "stopped", part.address, None)
    return PartStatus(
        part.name,
        "running" if part.ready(recorded.started) else "not answering",
        recorded.address,
        recorded.pid,
    )


def _base() -> int:
    content = stack_file.read(settings().home)
    if not content.settings:
        raise Misconfigured("there is no local stack in this home", where=str(settings().home), do="plumbline up")
    return int(content.settings["PLUMBLINE_PORT_BASE"])


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One `up` or `down` of a home at a time; the kernel frees the lock of a dead one."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(home / "stack.lock", timeout=ANOTHER_SECONDS):
            yield
    except Timeout as error:
        raise Unavailable(
            f"another `plumbline up` or `down` has been at work for {ANOTHER_SECONDS:.0f} s",
            where=str(home),
            do="Wait for it, or end it.",
        ) from error
