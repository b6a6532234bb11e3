"""Run again what failed last, as the outcomes of the steps tell it."""

from __future__ import annotations

from prefect import flow

from expectations.declare.errors import PlumblineError, Unavailable
from flows.build_marts import build_marts
from flows.close_day import close_day
from flows.names import run_name
from flows.refresh_source import refresh_source
from tasks.operate.again import Failed, failed_last
from tasks.window import Window


@flow(flow_run_name=run_name, log_prints=False)
def retry(source: str = "", window: Window | None = None) -> tuple[str, ...]:
    """Run again what failed in the last seven days and was not done since: refreshes, then builds, then closes.

    Each is tried, whatever becomes of the others; the run fails as `Unavailable` where one of them failed again.

    Args:
        source: Only this source. Empty: everything that failed.
        window: Only what was about this window. Empty: every window.
    """
    tried = [(failed.about, _again(failed)) for failed in failed_last(source, window)]
    if wrong := [f"{about}: {said}" for about, said in tried if said]:
        raise Unavailable(
            f"{len(wrong)} of {len(tried)} runs failed again", where="; ".join(wrong), do="`plumbline status` has more"
        )
    return tuple(about for about, _ in tried)


def _again(failed: Failed) -> str:
    """One run; what it failed of, or nothing."""
    try:
        _run(failed)
    except PlumblineError as error:
        return str(error)
    return ""


def _run(failed: Failed) -> None:
    if failed.kind == "refresh":
        refresh_source(source=failed.source, window=failed.window)
    elif failed.kind == "close":
        close_day(day=failed.window.days()[-1])
    else:
        build_marts(window=failed.window)
