"""Compare what Airbyte says it moved with what was sealed: a delivery that is short is said, not believed.

A job that succeeded is not failed for it: its rows are facts. Somebody has to know that there should be more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import dropwhile
from statistics import median

from prefect import task

from expectations.declare.source import Source, Stream
from expectations.judge.verdict import Finding, Verdict, bad
from tasks import doors
from tasks.ingest.jobs import FAILED, SyncRun
from tasks.ingest.seal import Batch
from tasks.outcomes import recorded, run_id
from tasks.subject import source_in
from tasks.window import Window

CHECK = "delivery"
_HISTORY = 20
_ENOUGH = 5


@task(task_run_name="compare {source.name} {window.label}")
@recorded
def compare_delivery(
    source: Source, runs: Sequence[SyncRun], batches: Sequence[Batch], window: Window
) -> tuple[Verdict, ...]:
    """Verdicts of the check `delivery`: fewer lines than Airbyte committed, and streams that suddenly brought nothing.

    More lines than rows are normal: a failed attempt leaves its objects, and the next one sends the rows again.
    """
    short = [finding for run in runs if (finding := _short(source, run, batches))]
    findings = [*short[-1:], *_silent(source, runs, batches)] or [_fine(source, runs, batches)]
    return tuple(source_in(source, window).verdict(CHECK, finding) for finding in findings)


def lines_of(run: SyncRun, batches: Sequence[Batch]) -> int:
    """Lines sealed of a job over all streams."""
    return sum(batch.lines for batch in batches if batch.sync_id == run.job_id)


def _short(source: Source, run: SyncRun, batches: Sequence[Batch]) -> Finding | None:
    lines, rows = lines_of(run, batches), run.rows_reported
    if rows is None or lines >= rows or run.status in FAILED:
        return None
    sentence = (
        f"{source.title}: Airbyte says that job {run.job_id} moved {rows:,} rows, but only {lines:,} lines of it are "
        f"in the landing area. {rows - lines:,} rows are missing."
    )
    return Finding("rows moved", bad("warning"), "warning", sentence, f"{lines:,} lines", f"{rows:,} rows or more")


def _silent(source: Source, runs: Sequence[SyncRun], batches: Sequence[Batch]) -> Iterator[Finding]:
    """Streams without a line in the newest job, although they usually have some."""
    newest = {batch.stream: batch for batch in batches if batch.sync_id == runs[-1].job_id}
    for name, stream in source.streams.items():
        batch = newest.get(name)
        usual = 0 if batch is None or batch.lines else _usual_rows(source, stream)
        if usual:
            sentence = f"{source.title} {name} brought nothing, although {usual:,} rows are usual."
            yield Finding(f"{name} rows", bad("warning"), "warning", sentence, "0 rows", f"about {usual:,} rows")


def _usual_rows(source: Source, stream: Stream) -> int:
    """The median of earlier deliveries before it fell silent; 0 where silence is usual or too little is known.

    An entity changes when it likes, so one earlier silence makes silence usual.
    """
    found = doors.sync_journal().rows_sealed(source.name, stream.name, without=run_id(), limit=_HISTORY)
    spoken = list(dropwhile(lambda rows: rows == 0, found))
    if len(spoken) < _ENOUGH or (stream.kind == "entity" and 0 in spoken):
        return 0
    return int(median(spoken))


def _fine(source: Source, runs: Sequence[SyncRun], batches: Sequence[Batch]) -> Finding:
    lines = sum(lines_of(run, batches) for run in runs)
    rows = sum(run.rows_reported or 0 for run in runs)
    sentence = f"{source.title}: all {rows:,} rows that Airbyte moved are in the landing area."
    return Finding("rows moved", "passed", "info", sentence, f"{lines:,} lines", f"{rows:,} rows or more")
