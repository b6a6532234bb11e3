"""Bring one source up to date: extract, land, seal, load, measure, judge, announce."""

from __future__ import annotations

from prefect import flow

from expectations.judge.verdict import Verdict
from flows.cancelling import cancel_its_job
from flows.ending import skipped
from flows.names import run_name
from flows.queues import platform_queue, writer_queue
from flows.start import chosen_window, declared
from tasks.build.transform import measure
from tasks.ingest.evidence import compare_delivery
from tasks.ingest.held_rows import hold_back
from tasks.ingest.land import land
from tasks.ingest.load import load
from tasks.ingest.preflight import preflight
from tasks.ingest.seal import seal
from tasks.ingest.sync import collect, settle, sync
from tasks.judge.judge import judge
from tasks.operate.pause import skip_paused
from tasks.publish.alert import announce
from tasks.publish.deliver import deliver
from tasks.publish.document import document
from tasks.window import Window


@flow(flow_run_name=run_name, log_prints=False, on_cancellation=[cancel_its_job])
def refresh_source(source: str, window: Window | None = None, again: bool = False) -> tuple[Verdict, ...]:
    """Refresh one source for a window and return what the checks say about it.

    Args:
        source: The name of a declaration in expectations/sources, for instance meta_ads.
        window: The span that the run is responsible for, half-open, UTC. Empty: the reporting day so far, unless the
            source is paused.
        again: Ask the source anew although an earlier job for the window succeeded.
    """
    window, asked_for = chosen_window(window), window is not None
    declaration = declared(source)
    if not asked_for and (pause := skip_paused(declaration, window)):
        return skipped(pause)
    foreseen = preflight(declaration, window)
    announce(foreseen, window, recover=False)
    with platform_queue(source):
        runs = collect(declaration, sync(declaration, window, again=again))
    batches = [seal(land(run, name), stream) for run in runs for name, stream in declaration.streams.items()]
    delivered = compare_delivery(declaration, runs, batches, window)
    with writer_queue():
        for batch in batches:
            load(batch)
        settle(runs)
        measured = measure(source, window)
        verdicts = (*foreseen, *delivered, *measured.verdicts, *hold_back(source, window), *judge(source, window))
    announce(verdicts, window)
    document(window)
    deliver()
    return verdicts
