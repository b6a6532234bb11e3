"""Send what was held back through the pipeline again, after its declaration or its source was mended."""

from __future__ import annotations

from prefect import flow

from flows.names import run_name
from flows.queues import writer_queue
from flows.start import declared
from tasks.ingest.held_rows import hold_back, replay_rows
from tasks.ingest.load import load
from tasks.ingest.quarantine import Replayed, compared, held, replay_lines, replay_objects, settle_lines, windows_of
from tasks.publish.alert import announce
from tasks.publish.deliver import deliver


@flow(flow_run_name=run_name, log_prints=False)
def replay_quarantine(source: str, rule: str = "") -> Replayed:
    """Replay what is held back of a source and return how much was out before, and what still is.

    Marts take in what came back with the next build.

    Args:
        source: The name of a declaration in expectations/sources, for instance shopify.
        rule: Only what broke this rule, for instance uncastable. Empty: everything.
    """
    declared(source)
    before = held(source, rule)
    batches = [*replay_objects(source, rule), *replay_lines(source, rule)]
    with writer_queue():
        for batch in batches:
            load(batch)
        settle_lines(source, rule)
        replay_rows(source, rule)
        told = [(window, hold_back(source, window)) for window in windows_of(before)]
    for window, verdicts in told:
        announce(verdicts, window)
    deliver()
    return compared(source, before, rule)
