"""Queues in front of scarce things.

A queue only orders the runs; it proves nothing. The lock on the warehouse file and the ledger do.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prefect.concurrency.sync import concurrency

from tasks.outcomes import run_id
from tasks.watch import pulse

WRITER = "plumbline-warehouse-writer"
BACKFILL = "plumbline-backfill"
# With Prefect's default lease of 300 s a killed run kept its slot for 257 s (measured). 60 s is the shortest that its
# server takes; a living run renews it every 45 s, so a dead one keeps its slot for 15 to 60 s and the server's look.
LEASE_SECONDS = 60


def platform(source: str) -> str:
    """Name of the limit on syncs that talk to one platform at a time."""
    return f"plumbline-platform-{source}"


@contextmanager
def platform_queue(source: str) -> Iterator[None]:
    """Hold the platform's slot; a limit that was never created does not queue anybody."""
    pulse.begin(run_id())  # who waits in a queue has no step yet, and must not look dead
    with concurrency(platform(source), occupy=1, lease_duration=LEASE_SECONDS, strict=False):
        yield


@contextmanager
def writer_queue() -> Iterator[None]:
    """Hold the writer's slot of the warehouse."""
    with concurrency(WRITER, occupy=1, lease_duration=LEASE_SECONDS, strict=False):
        yield


@contextmanager
def backfill_queue() -> Iterator[None]:
    """Hold the one slot of replays and backfills; the daily runs have their own."""
    with concurrency(BACKFILL, occupy=1, lease_duration=LEASE_SECONDS, strict=False):
        yield
