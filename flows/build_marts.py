"""Rebuild the marts from what has been loaded, and publish a provisional release where the checks allow."""

from __future__ import annotations

from prefect import flow

from expectations.judge.verdict import Verdict
from flows.ending import ended
from flows.names import run_name
from flows.queues import writer_queue
from flows.start import chosen_window, fresh_rendering
from tasks.build.marts import known_marts
from tasks.build.transform import build, test
from tasks.judge.judge import judge_marts, judge_published
from tasks.judge.readiness import known_verdicts
from tasks.periods.compare import compare_closed
from tasks.publish.alert import announce
from tasks.publish.deliver import deliver
from tasks.publish.document import document
from tasks.publish.publish import Release, publish
from tasks.window import Window


@flow(flow_run_name=run_name, log_prints=False)
def build_marts(window: Window | None = None) -> Release:
    """Build, test, judge and publish provisionally, so that the half-hourly promise reaches readers.

    Args:
        window: What the release is about, half-open, UTC. Empty: the reporting day so far.
    """
    window = chosen_window(window)
    fresh_rendering()
    with writer_queue():
        built = build(window)
        verdicts = (
            *known_verdicts(window),
            *built.verdicts,
            *test(window),
            *judge_marts(window),
            *compare_closed(window),
        )
        release = publish(window, "provisional", verdicts)
        verdicts = (*verdicts, *judge_published(window))
    announce(verdicts, window)
    document(window)
    deliver()
    return ended(release)


@flow(flow_run_name=run_name, log_prints=False)
def build_some(select: tuple[str, ...], window: Window | None = None) -> tuple[Verdict, ...]:
    """Build and test only these marts and what they need; readers see nothing of it before a whole build publishes.

    Args:
        select: Names of marts, for instance fct_orders.
        window: What the findings are about, half-open, UTC. Empty: the reporting day so far.
    """
    window, marts = chosen_window(window), known_marts(select)
    fresh_rendering()
    with writer_queue():
        built = build(window, marts)
        verdicts = (*built.verdicts, *test(window, marts))
    announce(verdicts, window)
    document(window)
    deliver()
    return verdicts
