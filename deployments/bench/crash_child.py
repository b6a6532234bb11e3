"""The process that is killed: it imports everything once, then forks a child for each run of the pipeline.

A fork costs milliseconds where a start costs ten seconds of imports; what the child does after it, and its
death, are those of any process. Orders come as JSON lines on the standard input, an exit status goes back for each.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from datetime import date
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from prefect import Task

from deployments.bench.crash_points import POINTS, watch_everything

# What the marts of the small selection stand on; it is parsed once, with all other models.
MARTS = ["+fct_leads"]
# What a run imports late, and what takes it seconds.
SLOW = ("expectations.judge.classes", "prefect_dbt", "tasks.adapters.warehouse.on_duckdb", "tasks.adapters.airbyte")
LEFT_OUT = ("test", "judge_marts", "judge_published", "document")


@dataclass(frozen=True)
class Order:
    """One run: the environment of the child, the sources and the day, and where it is to die (0: nowhere)."""

    environment: dict[str, str] = field(repr=False)
    sources: tuple[str, ...]
    day: str
    strike_at: int = 0
    delay: float = 0.0
    counted: str = ""

    def as_line(self) -> str:
        """One line of JSON."""
        return json.dumps(asdict(self)) + "\n"


def main() -> None:
    """Prepare, say so, and serve orders until the input ends."""
    _prepare(Path(os.environ["PLUMBLINE_HOME"]))
    print("ready", flush=True)
    for line in sys.stdin:
        given = json.loads(line)
        print(_forked(Order(**{**given, "sources": tuple(given["sources"])})), flush=True)


def _prepare(home: Path) -> None:
    home.mkdir(parents=True, exist_ok=True)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name in SLOW:
        import_module(name)
    import flows.close_day
    import flows.refresh_source

    for module in (flows.refresh_source, flows.close_day):
        _plain_bodies(module)
    watch_everything()
    _small_world()


def _plain_bodies(module: ModuleType) -> None:
    """Let a flow call the bodies of its steps: no server, no task runs."""
    for name, step in [(name, step) for name, step in vars(module).items() if isinstance(step, Task)]:
        setattr(module, name, POINTS.around("step", _nothing if name in LEFT_OUT else step.fn))
    for name in ("platform_queue", "writer_queue"):
        if hasattr(module, name):
            setattr(module, name, lambda *_: nullcontext())


def _nothing(*_: object) -> tuple[()]:
    return ()


def _small_world() -> None:
    """One thing after the other, few models, and nothing that changes with the checkout."""
    from tasks import doors

    runner: Any = import_module("tasks.adapters.dbt_runner")
    provenance: Any = import_module("tasks.publish.provenance")
    places, invoke = runner._places, runner._invoke

    def few(words: list[str], *more: object) -> None:
        invoke([*words, *(["--select", *MARTS] if words[0] == "build" else [])], *more)

    runner._places = lambda *given: [*places(*given), "--threads", "1"]
    runner._invoke = few
    provenance.commit = lambda: "the same"
    doors.dbt().prepare()


def _forked(order: Order) -> int:
    child = os.fork()
    if child == 0:
        _child(lambda: _run(order))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _child(run: Callable[[], None]) -> None:
    status = 1
    os.dup2(2, 1)  # answers alone go to the standard output
    try:
        run()
        status = 0
    except BaseException:  # noqa: BLE001 - the parent reads the exit status, a person the traceback
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)  # as the command line does: DuckDB's binding complains at a regular exit


def _run(order: Order) -> None:
    from flows.close_day import close_day
    from flows.refresh_source import refresh_source
    from tasks.settings import settings
    from tasks.window import Window

    os.environ.update(order.environment)
    settings.cache_clear()
    day = date.fromisoformat(order.day)
    POINTS.begin(settings().home, order.strike_at, order.delay)
    for source in order.sources:
        refresh_source.fn(source, Window.of_day(day))
    close_day.fn(day)
    if order.counted:
        POINTS.end(Path(order.counted))


if __name__ == "__main__":
    main()
