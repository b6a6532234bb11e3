"""Close a day: wait for its sources, build, judge, and publish the final figures or hold them."""

from __future__ import annotations

from datetime import date

from prefect import flow

from flows.ending import ended
from flows.names import run_name
from flows.queues import writer_queue
from flows.start import chosen_day, fresh_rendering
from tasks.build.transform import build, test
from tasks.judge.judge import judge_marts, judge_published
from tasks.judge.readiness import known_verdicts, wait_for_sources
from tasks.periods.compare import compare_closed
from tasks.publish.alert import announce
from tasks.publish.deliver import deliver
from tasks.publish.document import document
from tasks.publish.publish import Release, publish


@flow(flow_run_name=run_name, log_prints=False)
def close_day(day: date | None = None) -> Release:
    """Publish the final release of `day` (default: the reporting day before the scheduled time), or hold it.

    Sources that are not there at `PLUMBLINE_CLOSE_BY` are marked stale and open a `late` incident; the rest
    is closed without them. A critical finding holds the release: readers keep the last good one.

    Args:
        day: The day to close, in UTC dates. Empty: the last reporting day that is over.
    """
    window = chosen_day(day)
    fresh_rendering()
    late = wait_for_sources(window)
    with writer_queue():
        built = build(window)
        verdicts = (
            *late,
            *known_verdicts(window),
            *built.verdicts,
            *test(window),
            *judge_marts(window),
            *compare_closed(window),
        )
        release = publish(window, "final", verdicts)
        verdicts = (*verdicts, *judge_published(window))
    announce(verdicts, window)
    document(window)
    deliver()
    return ended(release)
