"""When a step is worth another try: only while an outside system does not answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypedDict

from prefect import Task
from prefect.client.schemas.objects import State, TaskRun

from expectations.declare.errors import Unavailable

# Seconds before the second, third and fourth try; Prefect adds jitter so that sources do not return in step.
RETRY_DELAYS: list[float] = [2, 10, 30]
JITTER = 0.3


class Spent(Unavailable):
    """An outside system had its second chance: another try in this run would only wear it out."""


def unavailable_only(task: Task[..., Any], run: TaskRun, state: State[Any]) -> bool:
    """Prefect's retry condition: true only for `Unavailable`, because other errors come again."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, Unavailable) and not isinstance(error, Spent)


class Retried(TypedDict):
    """The part of `task(...)` that says when a step is tried again."""

    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Callable[[Task[..., Any], TaskRun, State[Any]], bool]


# Every step that talks to an outside system: `@task(**RETRIED, task_run_name=...)`.
RETRIED: Retried = {
    "retries": len(RETRY_DELAYS),
    "retry_delay_seconds": list(RETRY_DELAYS),
    "retry_jitter_factor": JITTER,
    "retry_condition_fn": unavailable_only,
}
