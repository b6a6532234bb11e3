"""Remove what nobody needs any more; every week as a deployment, and from the command line after a look at it."""

from __future__ import annotations

from prefect import flow

from flows.names import run_name
from tasks.operate.leftover import Prunable
from tasks.operate.prune import prunable
from tasks.operate.prune import remove as remove_found


@flow(flow_run_name=run_name, log_prints=False)
def prune(remove: bool = False) -> tuple[Prunable, ...]:
    """Find what is older than its retention and is needed by nobody, and remove it where that is asked for.

    Args:
        remove: Remove what was found. Otherwise it is only counted.
    """
    found = prunable()
    if remove:
        remove_found(found)
    return found
