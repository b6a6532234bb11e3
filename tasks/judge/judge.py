"""Judge a window: read its measurements, run the suites of Great Expectations on them, keep results and verdicts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from prefect import task

from expectations.declare.source import Source, load, load_all
from expectations.judge import gx
from expectations.judge.suites import Suite, marts_suite, operations_suite, reconciliation_suite, suite_of
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.judge.measured import (
    MART_DAYS,
    Measured,
    measured,
    measured_marts,
    measured_operations,
    measured_reconciliation,
)
from tasks.outcomes import recorded
from tasks.publish.totals import note_published
from tasks.settings import settings
from tasks.window import Window

if TYPE_CHECKING:
    import pandas as pd


@task(task_run_name="judge {source} {window.label}")
@recorded
def judge(source: str, window: Window) -> tuple[Verdict, ...]:
    """What the checks say about every stream of a source that was measured in this window.

    Results are stored under `<home>/validations/<window label>/<suite>.json`, verdicts in the ops store.
    """
    declaration = load(source)
    with doors.warehouse() as warehouse:
        facts = measured(warehouse, source, window)
    return _judged(suites_of(declaration, window, facts), window)


@task(task_run_name="judge marts {window.label}")
@recorded
def judge_marts(window: Window) -> tuple[Verdict, ...]:
    """What the checks say about the marts, that each has rows of the last day of the window, and about the schedule."""
    day = window.days()[-1]
    with doors.warehouse() as warehouse:
        marts, operations = measured_marts(warehouse, day), measured_operations(warehouse, day)
        reconciled = measured_reconciliation(warehouse, window)
    suites = [
        (marts_suite(window, list(MART_DAYS)), marts),
        (operations_suite(window), operations),
        (_reconciliation(window), reconciled),
    ]
    return _judged(suites, window)


@task(task_run_name="judge what is published {window.label}")
@recorded
def judge_published(window: Window) -> tuple[Verdict, ...]:
    """What readers see since the swap, against the marts and what was read: the last checkpoint of a day."""
    with doors.warehouse() as warehouse:
        note_published(warehouse)
        reconciled = measured_reconciliation(warehouse, window)
    return _judged([(_reconciliation(window), reconciled)], window)


def _reconciliation(window: Window) -> Suite:
    titles = {name: source.title for name, source in load_all().items()}
    return reconciliation_suite(window, closed_days(window), titles)


def closed_days(window: Window) -> set[date]:
    """The days of a window that are over in it; a refresh in the middle of a day closes none."""
    return {day for day in window.days() if window.covers(day)}


def suites_of(source: Source, window: Window, facts: Measured) -> list[tuple[Suite, pd.DataFrame]]:
    """The suites of a source for a window, each with the frame that it is run on."""
    closed = closed_days(window)
    return [
        (suite_of(source, stream, window, closed=closed, history_days=facts.history_days(name)), facts.of(name))
        for name, stream in source.streams.items()
        if stream.kind != "entity" or facts.has(name)  # an entity without a change is not a stream without rows
    ]


def _judged(suites: Sequence[tuple[Suite, pd.DataFrame]], window: Window) -> tuple[Verdict, ...]:
    verdicts: list[Verdict] = []
    for judged in gx.run(suites):
        _store(judged, window)
        verdicts += judged.verdicts
    doors.ops_store().record_verdicts(verdicts)
    return tuple(verdicts)


def validations(window: Window) -> Path:
    """The folder of the stored results of a window."""
    return settings().home / "validations" / window.label


def _store(judged: gx.Judged, window: Window) -> None:
    suite, folder = judged.suite, validations(window)
    folder.mkdir(parents=True, exist_ok=True)
    body = {
        "suite": suite.name,
        "title": suite.title,
        "owner": suite.owner,
        "window": window.label,
        "judged_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "verdicts": [_shown(verdict) for verdict in judged.verdicts],
        "result": judged.result,
    }
    draft = folder / f".{suite.name}.{os.getpid()}"
    draft.write_text(json.dumps(body, indent=1))
    os.replace(draft, folder / f"{suite.name}.json")


def _shown(verdict: Verdict) -> dict[str, str]:
    keys = ("check", "source", "model", "scope", "state", "severity", "sentence", "observed", "expected")
    return {key: str(getattr(verdict, key)) for key in keys}
