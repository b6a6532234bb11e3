"""Every check fails on planted personal values, and none of them is anywhere that the quality layer writes to.

The values are derived from the declarations, so that a new source and a new field are planted by themselves.
"""

from __future__ import annotations

import json
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from deployments.local import slack
from expectations.declare.personal import redacted, scrubbed, without_quotes
from expectations.declare.source import load_all
from expectations.declare.stream import Stream
from expectations.judge.verdict import CHECKS, Verdict
from tests.conftest import served
from tests.unit.test_no_clear_personal_value import PERSONAL, WINDOW, canary, record, traces

if TYPE_CHECKING:
    from tests.conftest import Pipeline

TOKEN = "xoxb-canary-test"
PLANTED = {f"{source}.{stream.name}.{field.name}": canary(source, stream, field) for source, stream, field in PERSONAL}
SOURCES = sorted({source for source, _, _ in PERSONAL})
# What a check of a whole stream can find in one delivery; each must have failed on every stream that has it.
EXACT = {"schema_drift", "duplicate_load", "null_spike"}
NOT_TEXT = ("integer", "decimal", "boolean", "date", "date_compact", "timestamp", "epoch_seconds", "epoch_millis")


@dataclass(frozen=True)
class Told:
    """Everything that was written after the planted day was judged."""

    pipeline: Pipeline
    verdicts: tuple[Verdict, ...]
    messages: str


def _payloads(source: str, stream: Stream) -> list[bytes]:
    """A whole record; one without anything; one whose numbers and times are somebody's name."""
    whole, unfit = record(source, stream), record(source, stream)
    [planted, *_] = [canary(source, stream, field) for field in stream.fields.values() if field.pii]
    for field in stream.fields.values():
        if field.path and field.type in NOT_TEXT and field.name not in stream.key:
            place = unfit
            for step in field.path[:-1]:
                place = place[step]
            place[field.path[-1]] = planted
    unfit[f"named after {planted.strip()}"] = planted
    return [json.dumps(one).encode() for one in (whole, unfit, {})]


def _deliver(pipeline: Pipeline) -> None:
    for source in SOURCES:
        wanted = {stream.name: stream for of, stream, _ in PERSONAL if of == source}
        for stream in wanted.values():
            prefix = f"{stream.landing_prefix}2026/11/18/"
            _put_again(pipeline, prefix, _payloads(source, stream))
        pipeline.deliver(source, WINDOW, {name: _payloads(source, stream) for name, stream in wanted.items()})


def _put_again(pipeline: Pipeline, prefix: str, payloads: Sequence[bytes]) -> None:
    """The same object once more, of the sync that follows."""
    from tests.conftest import EXTRACTED

    with pipeline.doors():
        pipeline.syncs += 1
        pipeline._put(f"{prefix}{pipeline.syncs}_1_{EXTRACTED}.jsonl.gz", payloads)
        pipeline.syncs -= 1


@pytest.fixture(scope="module")
def told(new_pipeline: Callable[[str], Pipeline]) -> Iterator[Told]:
    pipeline = new_pipeline("canaries")
    _deliver(pipeline)
    pipeline.build(["measurements"])
    with (
        pytest.MonkeyPatch.context() as environment,
        served(slack.application(pipeline.home, TOKEN, clock=time.time)) as address,
    ):
        environment.setenv("PLUMBLINE_SITE_PREFIX", "site")
        environment.setenv("PLUMBLINE_SLACK_URL", f"{address}/api/")
        environment.setenv("PLUMBLINE_SLACK_TOKEN", TOKEN)
        verdicts = _judged(pipeline)
        with urllib.request.urlopen(address) as page:
            yield Told(pipeline, verdicts, page.read().decode())


def _judged(pipeline: Pipeline) -> tuple[Verdict, ...]:
    """Judged, published as held, announced and documented; and a check that raises what it could not read."""
    from tasks import doors
    from tasks.judge.judge import judge
    from tasks.publish.alert import announce
    from tasks.publish.deliver import deliver
    from tasks.publish.document import document
    from tasks.publish.publish import publish

    with pipeline.doors():
        found = [verdict for source in SOURCES for verdict in judge.fn(source, WINDOW)]
        found += [_hostile(found[0], name) for name in CHECKS]
        doors.ops_store().record_verdicts(found)
        publish.fn(WINDOW, "provisional", found)
        announce.fn(found, WINDOW)
        deliver.fn()
        document.fn(WINDOW)
        return tuple(found)


def _hostile(like: Verdict, check: str) -> Verdict:
    """A finding of a check that quotes an address and a telephone number wherever it can."""
    said = " and ".join(value.strip() for value in PLANTED.values() if "@" in value or "+" in value)
    scope, sentence = f"{check} {said}", f"It was {said}."
    told = replace(like, check=check, scope=scope, state="failed", severity="critical", sentence=sentence)
    return replace(told, observed=said, expected=said)


def _marks() -> dict[str, list[str]]:
    return {name: [mark for mark in traces(value) if len(mark) >= 10] for name, value in PLANTED.items()}


def _found_in(text: str) -> list[str]:
    told = text.lower()
    return [name for name, marks in _marks().items() if any(mark in told for mark in marks)]


def test_every_personal_field_of_every_source_is_planted(told: Told) -> None:
    declared = {
        f"{source.name}.{stream.name}.{field.name}"
        for source in load_all().values()
        for stream in source.streams.values()
        for field in stream.fields.values()
        if field.pii
    }
    raw = str([told.pipeline.ask(f"select _airbyte_data from {s.raw_table}") for _, s, _ in PERSONAL])
    assert declared == set(PLANTED)
    assert [name for name, value in PLANTED.items() if value.strip() not in raw] == []


@pytest.mark.parametrize("check", sorted(EXACT))
def test_the_check_failed_on_every_stream_with_a_planted_value(told: Told, check: str) -> None:
    failed = {(v.source, v.model) for v in told.verdicts if v.check == check and v.state in ("failed", "warned")}
    held = {s.name for _, s, _ in PERSONAL if any(f.mode == "quarantine" for f in s.fields.values())}
    spared = held if check == "null_spike" else set()  # a row without such a field never reaches the table
    assert failed >= {(source, stream.name) for source, stream, _ in PERSONAL if stream.name not in spared}


def test_every_check_told_a_finding(told: Told) -> None:
    assert {v.check for v in told.verdicts if v.alarming} == set(CHECKS)


def test_no_file_of_the_home_holds_a_planted_value(told: Told) -> None:
    kinds, found = set(), []
    for path in sorted(told.pipeline.home.rglob("*")):
        if path.is_file() and not path.name.startswith("warehouse.duckdb"):
            kinds.add(path.relative_to(told.pipeline.home).parts[0])
            found += [(name, path.name) for name in _found_in(path.read_bytes().decode(errors="ignore"))]
    assert found == []
    assert kinds >= {"dbt", "logs", "ops.sqlite", "site", "validations"}


def test_no_row_of_the_ops_store_holds_a_planted_value(told: Told) -> None:
    with closing(sqlite3.connect(told.pipeline.home / "ops.sqlite")) as db:
        tables = [name for (name,) in db.execute("select name from sqlite_master where type = 'table'")]
        rows = {name: db.execute(f"select * from {name}").fetchall() for name in tables}
    assert [name for name, found in rows.items() if _found_in(str(found))] == []
    assert all(rows[name] for name in ("verdicts", "incidents", "outbox", "outcomes"))


def test_no_message_holds_a_planted_value(told: Told) -> None:
    assert told.messages.count("[e-mail]") >= len(CHECKS)
    assert _found_in(told.messages) == []


def test_no_object_but_the_deliveries_and_their_copies_holds_a_planted_value(told: Told) -> None:
    """The payload is kept as it came in landing and lake data; manifests, the site and everything else are searched."""
    from tasks import doors

    kinds, found = set(), []
    with told.pipeline.doors():
        for item in doors.object_store().list(""):
            if item.key.startswith("landing/") or item.key.endswith(".parquet"):
                continue
            kinds.add(item.key.partition("/")[0])
            found += [
                (name, item.key) for name in _found_in(doors.object_store().get(item.key).decode(errors="ignore"))
            ]
    assert found == []
    assert kinds == {"lake", "site"}


def test_the_measurements_hold_no_planted_value_but_the_names_of_fields_that_nobody_declared(told: Told) -> None:
    rows = told.pipeline.ask("select * exclude (field) from quality.measurements")
    assert _found_in(str(rows)) == []
    assert told.pipeline.ask("select count(*) from quality.measurements where metric = 'unexpected'") != [(0,)]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Jane.Doe+x@Shop-1.example.com wrote", "[e-mail] wrote"),
        ("call +1 (912) 345-6789, now", "call [phone], now"),
        ("call (912) 345-6789", "call [phone]"),
        ("spend +18,416.30 (123-456-7890), act_12345678901", "spend +18,416.30 (123-456-7890), act_12345678901"),
        ("+1234567.89 more", "+1234567.89 more"),
        ("owner @growth-data, 2026-11-17 05:40 UTC", "owner @growth-data, 2026-11-17 05:40 UTC"),
    ],
)  # fmt: skip
def test_addresses_and_numbers_are_taken_out_and_amounts_stay(text: str, left: str) -> None:
    assert redacted(text) == left
    assert redacted(left) == left


def test_what_a_library_quotes_is_taken_out() -> None:
    said = 'Could not convert string \'Jane "Doe\nof "X"\' to INT64'
    assert without_quotes(said) == "Could not convert string [value] to INT64"
    assert "Jane" not in without_quotes("it's \"Jane\" who can't")


def test_keys_of_a_result_are_looked_at_too() -> None:
    assert scrubbed({"a@b.example": ["c@d.example", 1, None]}) == {"[e-mail]": ["[e-mail]", 1, None]}


def test_a_check_that_breaks_does_not_repeat_what_it_could_not_read() -> None:
    import pandas as pd

    from expectations.judge import gx
    from expectations.judge.measurement import COLUMNS
    from expectations.judge.suites import Planned, Suite

    planned = Planned("spend_anomaly", "critical", {"title": "Meta Ads", "stream": "x", "closed": ["Jane Doe"]})
    suite = Suite("meta_ads.x", "meta_ads", "x", "Meta Ads: x", "@x", WINDOW, (planned,))
    [judged] = gx.run([(suite, pd.DataFrame([], columns=list(COLUMNS), dtype=object))])
    [verdict] = judged.verdicts
    assert (verdict.state, verdict.holds) == ("errored", True)
    assert "could not be evaluated (Invalid isoformat string: [value])" in verdict.sentence
    assert "Jane" not in json.dumps(judged.result["results"][0]["exception_info"])
