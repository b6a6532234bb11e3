"""Queues in front of scarce things.

A queue only orders the runs; it proves nothing. The lock on the warehouse file and the ledger do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.concurrency.sync import concurrency

WRITER = "plumbline-warehouse-writer"
# With Prefect's default lease of 300 s a killed run kept its slot for 257 s (measured).
LEASE_SECONDS = 60


def platform(source: str) -> str:
    """Name of the limit on syncs that talk to one platform at a time."""
    return f"plumbline-platform-{source}"


@contextmanager
def platform_queue(source: str) -> Iterator[None]:
    """Hold the platform's slot; a limit that was never created does not queue anybody."""
    with concurrency(platform(source), occupy=1, lease_duration=LEASE_SECONDS, strict=False):
        yield


@contextmanager
def writer_queue() -> Iterator[None]:
    """Hold the writer's slot of the warehouse."""
    with concurrency(WRITER, occupy=1, lease_duration=LEASE_SECONDS, strict=False):
        yield
