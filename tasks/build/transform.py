"""Let dbt turn what was loaded into typed rows, measurements and marts, and test the result.

Models are Prefect task runs through prefect-dbt's runner, data tests are one task for all. The run_results.json of both
are kept and are the truth; a skipped model's task run shows as completed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.context import FlowRunContext

from expectations.declare.source import load, load_all
from expectations.judge.reconcile.asked import ITEM
from expectations.judge.verdict import CHECKS, Finding, State, Subject, Verdict
from tasks import doors
from tasks.adapters.dbt_results import DbtOutcome, NodeResult
from tasks.build.catalog import catalog
from tasks.build.channel_credits import credit_channels
from tasks.build.people import held_people, link_people
from tasks.operate.memory import refuse_lost, remember
from tasks.outcomes import recorded
from tasks.periods.copies import copy_periods
from tasks.publish.ops_copy import copy_ops
from tasks.publish.totals import note_published
from tasks.window import Window

DATA_TEAM = "@data-engineering"
# From an opening quote to the last one of its kind, or to the end: a value may hold quotes or end on another line.
_QUOTED = re.compile(r"(?<!\w)(['\"])(?:.*\1|.*$)")
# What dbt calls the end of a test; any other word says that it did not come to one.
_TEST_STATES: Mapping[str, State] = {"pass": "passed", "success": "passed", "warn": "warned", "fail": "failed"}
_TEST_WORDS: Mapping[State, str] = {
    "passed": "passed",
    "warned": "found rows that must not be",
    "failed": "found rows that must not be",
    "errored": "could not be evaluated",
}
_HEADING = re.compile(r"\w+ Error in (model|test|seed) ")


@dataclass(frozen=True)
class BuildReceipt:
    """What dbt did: names of models that failed, how many were built and skipped, and the evidence."""

    window: Window
    source: str
    built: int
    failed: tuple[str, ...]
    skipped: int
    seconds: float
    run_results: Path
    verdicts: tuple[Verdict, ...]


@task(task_run_name="measure {source} {window.label}")
@recorded
def measure(source: str, window: Window) -> BuildReceipt:
    """Type what is new of one source, bring its current rows up to date and measure them."""
    declaration = load(source)
    with doors.warehouse() as warehouse:
        note_published(warehouse)
    current = [stream.current_model for stream in declaration.streams.values()]
    select = [f"+{declaration.measure_model}", *current, "measurements", ITEM]
    done = _run(window, source, select, declaration.owner.slack)
    remember(source)
    return done


@task(task_run_name="build {window.label}")
@recorded
def build(window: Window, marts: Sequence[str] = ()) -> BuildReceipt:
    """Build the marts (all, or these and what they need), and before them what does not exist yet.

    What a source never delivered is empty, not missing.

    Staging, current rows and measurements are brought up to date by `measure`, at the end of each refresh: a mart is
    made of what was measured and judged, and a build does not look at sixty models that have nothing new.
    """
    streams = [stream for declaration in load_all().values() for stream in declaration.streams.values()]
    with doors.warehouse() as warehouse:
        for name in load_all():
            refuse_lost(warehouse, name)
        for stream in streams:
            warehouse.ensure_raw(stream.raw_table)
        copy_ops(warehouse)
        people = held_people(link_people(warehouse), window, DATA_TEAM)
        copy_periods(warehouse)
        note_published(warehouse)
        # The items are a view that names the marts which exist: it is made anew once they are built.
        quality = [name for name in warehouse.relations("quality") if name != ITEM]
        current = {stream.current_model for stream in streams} & set(warehouse.relations("intermediate"))
        measured = [*warehouse.relations("staging"), *sorted(current), *quality]
    receipt = _run(window, "marts", [f"+{mart}" for mart in marts], DATA_TEAM, measured)
    with doors.warehouse() as warehouse:
        credit_channels(warehouse)
        catalog(warehouse)
    doors.ops_store().record_verdicts([people])
    return replace(receipt, verdicts=(*receipt.verdicts, people))


@task(task_run_name="test {window.label}")
@recorded
def test(window: Window, marts: Sequence[str] = ()) -> tuple[Verdict, ...]:  # noqa: PT028 - a step, not one of pytest's
    """Run the data tests (all, or those of these marts); one verdict each, and one table in the UI."""
    with doors.warehouse_lock():
        outcome = doors.dbt().run_tests(marts)
    verdicts = tuple(_tested(node, window) for node in outcome.results)
    doors.ops_store().record_verdicts(verdicts)
    _show(outcome)
    return verdicts


def _run(window: Window, source: str, select: Sequence[str], owner: str, exclude: Sequence[str] = ()) -> BuildReceipt:
    with doors.warehouse_lock():
        outcome = doors.dbt().run_models(select, exclude=exclude)
    failed = [node for node in outcome.results if node.failed]
    verdicts = _built(window, source, outcome.results, owner)
    doors.ops_store().record_verdicts(verdicts)
    return BuildReceipt(
        window=window,
        source=source,
        built=sum(node.status == "success" for node in outcome.results),
        failed=tuple(node.name for node in failed),
        skipped=sum(node.status == "skipped" for node in outcome.results),
        seconds=sum(node.seconds for node in outcome.results),
        run_results=outcome.run_results,
        verdicts=verdicts,
    )


def _built(window: Window, source: str, nodes: Sequence[NodeResult], owner: str) -> tuple[Verdict, ...]:
    """A verdict for each model that failed, because each holds what is made of it, and for each that failed before.

    A model that was skipped is not judged, so what held it before still does; one verdict for all where none failed.
    """
    broken = {i.scope for i in doors.ops_store().open_incidents() if (i.check, i.source) == ("build_failed", source)}
    again = [node.name for node in nodes if node.status == "success" and node.name in broken]
    failed = [node for node in nodes if node.failed]
    found = [Finding(name, "passed", "critical", f"The model {name} was built.", "built", "built") for name in again]
    if not failed:
        found.append(Finding("models", "passed", "critical", "Every model was built.", "0 failed", "0 failed"))
    found += [
        Finding(
            scope=node.name,
            state="failed",
            severity="critical",
            sentence=f"The model {node.name} did not build: {without_values(node.message)}.",
            observed="failed",
            expected="built",
        )
        for node in failed
    ]
    return tuple(Subject(source, finding.scope, owner, window).verdict("build_failed", finding) for finding in found)


def _tested(node: NodeResult, window: Window) -> Verdict:
    # A test that says of itself that it only warns must not hold a release; one that broke has found nothing out.
    state = _TEST_STATES.get(node.status, "errored")
    finding = Finding(
        scope=node.name,
        state=state,
        severity="warning" if state == "warned" else "critical",
        sentence=f"The data test {node.name} {_TEST_WORDS[state]}.",
        observed=without_values(node.message) or node.status,
        expected="an evaluated test" if state == "errored" else "0 rows",
    )
    return Subject("marts", node.name, DATA_TEAM, window).verdict(_check_of(node.name), finding)


def _check_of(test: str) -> str:
    """The check that a data test belongs to: the one whose name it begins with, else it is a data test like others."""
    named = test.split("__", maxsplit=1)[0]
    return named if named in CHECKS else "data_test"


def without_values(message: str) -> str:
    """What the engine said, below dbt's heading and in one line, without quoted text: it may be a personal value."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    first = next((line for line in lines if not _HEADING.match(line)), next(iter(lines), ""))
    return _QUOTED.sub("(value)", first)[:300]


def _show(outcome: DbtOutcome) -> None:
    if FlowRunContext.get() is None:
        return
    rows = [
        {"test": n.name, "status": n.status, "seconds": round(n.seconds, 2), "said": without_values(n.message)}
        for n in outcome.results
    ]
    create_table_artifact(key="data-tests", table=rows, description="Data tests of the marts")
