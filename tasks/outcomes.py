"""One row for everything a step does: in the ops store for people, as a JSON line in the log for machines."""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Literal, ParamSpec, TypeVar

from expectations.declare.errors import PlumblineError
from expectations.declare.personal import redacted
from tasks import doors
from tasks.adapters.ops_runs import OpsRuns, RunRow
from tasks.adapters.ops_store import Outcome
from tasks.settings import settings
from tasks.watch import pulse
from tasks.window import Window

P = ParamSpec("P")
R = TypeVar("R")

# A window for steps that belong to none (an upload of messages, say).
NO_WINDOW = Window(start=datetime(1970, 1, 1, tzinfo=UTC), end=datetime(1970, 1, 2, tzinfo=UTC))


def recorded(step: Callable[P, R]) -> Callable[P, R]:
    """Decorate a step so that each call appends its outcome, whether it returns or raises."""

    @functools.wraps(step)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        _begin(run_id())
        started = time.perf_counter()
        given = [*args, *kwargs.values()]
        try:
            result = step(*args, **kwargs)
        except BaseException as error:
            reason = str(error) if isinstance(error, PlumblineError) else type(error).__name__
            _record(step.__name__, given, None, started, reason=reason)
            raise
        _record(step.__name__, given, result, started)
        return result

    return call


def _record(name: str, given: list[object], result: object, started: float, *, reason: str | None = None) -> None:
    seen = [*_each(result), *given]
    reused = bool(_first([result], "reused"))
    status: Literal["done", "skipped", "failed"] = "failed" if reason is not None else "skipped" if reused else "done"
    outcome = Outcome(
        run=run_id(),
        step=name,
        source=_text(seen, "source"),
        stream=_text(seen, "stream"),
        window=next((w for w in (_window(s) for s in seen) if w), NO_WINDOW),
        status=status,
        millis=round((time.perf_counter() - started) * 1000),
        rows_in=_given_rows(given, result),
        rows_out=_first([result], "rows", "rows_reported"),
        bytes=_bytes([result, *given]),
        reason=redacted(reason or ""),
        job_id=_first(seen, "job_id", "sync_id"),
        attempt=_attempt(),
        scheduled_at=scheduled_at(),
    )
    doors.ops_store().record_outcome(outcome)
    _log(outcome)


def run_id() -> str:
    """What ties the steps of one run together: the Prefect flow run, else this process."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    return str(context.flow_run.id) if context and context.flow_run else f"process {os.getpid()}"


def scheduled_at() -> datetime | None:
    """When the schedule wanted this run to start; None for a run that a person or a program started."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    run = context.flow_run if context else None
    return run.expected_start_time if run and run.auto_scheduled else None


@lru_cache(maxsize=64)
def _begin(run: str) -> None:
    """Write down that a flow run began, before its first step can die; other processes are no runs."""
    from prefect.context import FlowRunContext

    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return
    source = str((context.flow_run.parameters or {}).get("source", ""))
    name = context.flow.name if context.flow else ""
    OpsRuns(doors.ops_store().engine).begin(RunRow(run, name, source, scheduled_at(), datetime.now(UTC)))
    pulse.begin(run)


def _attempt() -> int | None:
    """The how-manieth try of its task a step is, from 1; None outside of a task."""
    from prefect.context import TaskRunContext

    context = TaskRunContext.get()
    return context.task_run.run_count if context else None


def _given_rows(given: list[object], result: object) -> int | None:
    """The rows a step was handed; a seal reads lines, and its result says how many."""
    rows: int | None = _first(given, "rows")
    return rows if rows is not None else _first([result], "lines")


def _bytes(seen: list[object]) -> int | None:
    """What the result says about its size, else the sizes of the objects that it or what was given consists of."""
    told: int | None = _first(seen[:1], "bytes", "bytes_reported")
    if told is not None:
        return told
    objects = next((found for s in seen if isinstance(found := getattr(s, "objects", None), tuple)), None)
    return None if objects is None else sum(getattr(o, "size", 0) or getattr(o, "bytes", 0) for o in objects)


def _each(value: object) -> Iterable[object]:
    return value if isinstance(value, tuple | list) else (value,)


def _first(candidates: list[object], *names: str) -> Any:  # noqa: ANN401 - an attribute of an unknown object
    found = (getattr(c, name, None) for c in candidates for name in names)
    return next((value for value in found if value is not None), None)


def _text(seen: list[object], name: str) -> str:
    for candidate in seen:
        value = getattr(candidate, name, None)
        if isinstance(value, str):
            return value
    # A declaration names itself; a source is also handed over by its plain name.
    named = (getattr(c, "name", None) for c in seen if type(c).__name__.lower() == name)
    return str(next((value for value in named if isinstance(value, str)), ""))


def _window(candidate: object) -> Window | None:
    return candidate if isinstance(candidate, Window) else getattr(candidate, "window", None)


def _log(outcome: Outcome) -> None:
    folder = settings().home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    line = {
        "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "run": outcome.run,
        "step": outcome.step,
        "source": outcome.source,
        "stream": outcome.stream,
        "window": outcome.window.label,
        "status": outcome.status,
        "rows_in": outcome.rows_in,
        "rows_out": outcome.rows_out,
        "milliseconds": outcome.millis,
        "reason": outcome.reason,
    }
    with (folder / "steps.jsonl").open("a") as log:
        log.write(json.dumps(line) + "\n")
