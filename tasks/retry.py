"""When a step is worth another try: only while an outside system does not answer."""

from __future__ import annotations

from typing import Any

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
