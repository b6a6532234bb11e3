"""A flow as a plain function: its own order and its own steps, without a server.

The steps of a flow module are replaced by their bodies for a while. A step that Prefect would try again is tried
again here, as often and for the same errors, but at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from unittest.mock import patch

from prefect import Task

from expectations.declare.errors import Unavailable
from expectations.judge.verdict import Verdict
from tasks.ingest.seal import Batch
from tasks.retry import Spent

Called = Callable[..., Any]
_QUEUES = ("platform_queue", "writer_queue")


@dataclass
class Refreshed:
    """What one refresh did: errors of tries that its steps repeated, lines that it quarantined, what it found."""

    tried: list[str] = field(default_factory=list)
    quarantined: int = 0
    verdicts: tuple[Verdict, ...] = ()


@contextmanager
def bodies(module: ModuleType, seen: Refreshed, **others: Called) -> Iterator[None]:
    """Make a flow call the bodies of its steps, and `others` by name instead of what it imports."""
    steps = {name: _body(value, seen) for name, value in vars(module).items() if isinstance(value, Task)}
    queues = {name: lambda *_: nullcontext() for name in _QUEUES if hasattr(module, name)}
    with ExitStack() as stack:
        for name, called in (steps | queues | others).items():
            stack.enter_context(patch.object(module, name, called))
        yield


def _body(step: Task[..., Any], seen: Refreshed) -> Called:
    def call(*args: object, **kwargs: object) -> object:
        for _ in range(int(step.retries or 0)):
            try:
                return _noted(step.fn(*args, **kwargs), seen)
            except Spent:
                raise  # Prefect does not try that again either
            except Unavailable as error:
                seen.tried.append(str(error))
        return _noted(step.fn(*args, **kwargs), seen)

    return call


def _noted(result: object, seen: Refreshed) -> object:
    if isinstance(result, Batch) and not result.reused:
        seen.quarantined += result.quarantined
    return result
