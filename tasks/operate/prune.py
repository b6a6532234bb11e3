"""What nobody needs any more: found first, shown, and only then removed.

Nothing goes that is unsettled, held back, counted or read. A landing object goes when the lake has it and its job is
settled, a sealed sync when no row of it counts, a release when newer ones are there. A removal may be killed and
repeated: what makes a thing visible (a manifest, a page) goes first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from prefect import task

from tasks import doors
from tasks.operate.leftover import Prunable
from tasks.operate.prune_bucket import lake_leftovers, landing_leftovers
from tasks.operate.prune_home import local_leftovers, remove_path, rotate_steps
from tasks.operate.prune_runs import RUNS, old_runs, remove_runs
from tasks.outcomes import recorded
from tasks.settings import settings

LANDING, LAKE = "landing objects", "sealed syncs"
_HISTORY = "A rebuild brings back all that counts; of superseded versions only the younger ones."


@task(task_run_name="find what can go")
@recorded
def prunable() -> tuple[Prunable, ...]:
    """Every kind with what may go of it now; nothing is removed."""
    keep, now = settings().keep, datetime.now(UTC)
    store = doors.object_store()
    landing = landing_leftovers(store, before=now - timedelta(days=keep.landing_days))
    lake = lake_leftovers(store, before=now - timedelta(days=keep.lake_days))
    return (
        Prunable(LANDING, f"{keep.landing_days} days", landing),
        Prunable(LAKE, f"{keep.lake_days} days", lake, note=_HISTORY if lake else ""),
        *local_leftovers(settings().home, now),
        Prunable(RUNS, f"{keep.runs_days} days", old_runs(before=now - timedelta(days=keep.runs_days))),
    )


@task(task_run_name="remove what can go")
@recorded
def remove(found: Sequence[Prunable]) -> int:
    """Remove what was found; the number of things removed. What is gone already is no error."""
    for kind in found:
        names = [leftover.name for leftover in kind.leftovers]
        if kind.kind in (LANDING, LAKE):
            # Manifests come first: without one a folder of the lake holds nothing, half removed or not.
            doors.object_store().delete(names)
        elif kind.kind == RUNS:
            remove_runs(names)
        else:
            for name in names:
                remove_path(name)
    rotate_steps(settings().home)
    return sum(len(kind.leftovers) for kind in found)
