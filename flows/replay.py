"""Do days again from the lake: a changed model, a fixed contract, a new column; no source is asked."""

from __future__ import annotations

from collections.abc import Sequence

from prefect import flow

from expectations.declare.source import names
from flows.again import published_again
from flows.queues import backfill_queue, writer_queue
from flows.start import fresh_rendering
from tasks.backfill.plan import Wish, pieces_of, refuse
from tasks.backfill.promote import one_at_a_time, record_replay
from tasks.backfill.replay import follow_up, reload, replay_days
from tasks.publish.publish import Release
from tasks.window import Window


@flow(flow_run_name="replay {window.label}", log_prints=False)
def replay(window: Window, reason: str, by: str, sources: Sequence[str] = ()) -> Release:
    """Load what the ledger lacks, type the days again with the present declarations, build and publish.

    Args:
        window: The days to do again, half-open, UTC; at most as old as PLUMBLINE_BACKFILL_DAYS_BACK.
        reason: Why; it stands in the record and in release.json.
        by: Who asks for it.
        sources: Names of declarations; empty: all of them.
    """
    chosen = tuple(sources) or tuple(names())
    fresh_rendering()
    refuse(Wish(chosen, window, "replay", reason, by))
    loaded_to = None
    with backfill_queue(), one_at_a_time():
        for source in chosen:
            with writer_queue():
                reload(source, window)
        for days in pieces_of(window):
            with writer_queue():
                loaded_to = replay_days(chosen, days, loaded_to).loaded_to
        with writer_queue():
            follow_up(chosen, window)
            record_replay(chosen, window, reason=reason, by=by)
    return published_again(window)
