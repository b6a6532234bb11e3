"""Which flow runs of the Prefect server may go: those that ended long ago. Without a server there are none."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterEndTime
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound

from tasks.operate.leftover import Leftover

RUNS = "flow runs"
AT_ONCE = 200


def old_runs(*, before: datetime) -> tuple[Leftover, ...]:
    """Runs that ended before an instant, oldest first."""
    if not os.environ.get("PREFECT_API_URL"):
        return ()
    ended = FlowRunFilter(end_time=FlowRunFilterEndTime(before_=before, is_null_=False))
    found: list[Leftover] = []
    with get_client(sync_client=True) as client:
        while True:
            page = client.read_flow_runs(
                flow_run_filter=ended, sort=FlowRunSort.START_TIME_ASC, limit=AT_ONCE, offset=len(found)
            )
            found += [Leftover(str(run.id), 0, run.end_time) for run in page if run.end_time]
            if len(page) < AT_ONCE:
                return tuple(found)


def remove_runs(identities: Sequence[str]) -> None:
    """Remove runs with their task runs and logs; one that is gone already is no error."""
    if not identities:
        return  # a client without a server would start one
    with get_client(sync_client=True) as client:
        for identity in identities:
            try:
                client.delete_flow_run(UUID(identity))
            except ObjectNotFound:
                continue
