"""How commands speak to a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

# People at a terminal read our lines; Prefect's own go to its UI, with their tracebacks.
QUIET = {"PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL"}

console = Console(highlight=False)


def say(line: str) -> None:
    """Print a line as it is: no brackets read as markup, no breaks at the edge of the screen."""
    console.print(line, markup=False, soft_wrap=True)


@contextmanager
def foreground() -> Iterator[None]:
    """For flow runs in this process: no heartbeats, because a person watches them.

    The heartbeat thread sleeps in whole seconds and is waited for, half a second of nothing at each end of a run
    (measured; Prefect 3.8.8). Enter it after the address of the server is in the environment.
    """
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings(updates={PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield
