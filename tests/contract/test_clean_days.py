"""Sixty ordinary days of every source, promotions and restatements in them: no check that is exact finds anything.

The world is read twice and not sixty times: what was delivered is then dealt out to the days, each as a sync of its
own, measured by the models and judged by the rules day by day. Closes are lived through in `tests/stack/test_demo.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import duckdb
import pytest

from expectations.declare.promotions import promotions
from expectations.declare.source import Source, load, names
from expectations.declare.stream import Stream
from expectations.judge.gx import quiet
from expectations.judge.measurement import BY_CAMPAIGN, Measurements
from expectations.judge.suites import AtLeast, Planned
from expectations.judge.verdict import Finding
from tasks.adapters.warehouse.base import Warehouse
from tasks.judge.judge import suites_of
from tasks.judge.measured import measured
from tasks.window import Window
from tests.conftest import Pipeline

SEED, SCALE = 20261121, 0.00002
START, FIRST = date(2026, 9, 7), date(2026, 10, 12)
READ = (date(2026, 11, 10), date(2026, 12, 10))  # the days after which the world is read
DAYS = [FIRST + timedelta(days=n) for n in range((READ[-1] - FIRST).days + 1)]
# What is unusual spend is judged in a world of the size that it needs by tests/unit/test_clean_spend.py.
EXACT = {"schema_drift", "duplicate_load", "null_spike", "reconciliation", "restatement"}
SOURCES = [load(name) for name in names() if any(stream.reconcile for stream in load(name).streams.values())]

# A row belongs to the day that its stream is read by; what a reading says of days before it comes with its first day.
_DEALT = """
update raw.{table} set
    _sync_id = dealt.number,
    _airbyte_extracted_at = cast(dealt.day as timestamp) + interval '29 hours 40 minutes',
    _source_file = _source_file || ' ' || dealt.number,
    _load_seq = dealt.number * 100 + {place}
from (
    select file, line, day, case when day < date '{first}' then 1 else day - date '{first}' + 2 end as number
    from (
        select
            _source_file as file,
            _source_row as line,
            greatest(least(coalesce({day}, read.first), read.last), read.first) as day
        from raw.{table}
        inner join (values {readings}) as read (number, first, last) on _sync_id = read.number
    ) as dated
) as dealt
where _source_file = dealt.file and _source_row = dealt.line
"""
_LEDGER = """
insert into raw.load_ledger
select
    '{table}', _source_file, 'etag', count(*), '{source}', '{stream}', _sync_id,
    case when _sync_id = 1 then timestamp '{start}' else date '{first}' + cast(_sync_id - 2 as integer) end,
    date '{first}' + cast(_sync_id - 1 as integer), max(_airbyte_extracted_at), max(_load_seq), null
from raw.{table}
group by _source_file, _sync_id
"""


def _day(stream: Stream) -> str:
    """The day of a row in SQL, null where the stream is sent whole."""
    name = stream.dated_by or stream.cursor or stream.slice_day
    if not name:
        return "cast(null as date)"
    key = stream.fields[name].payload_key if name in stream.fields else name
    text = f"json_extract_string(_airbyte_data, '$.\"{key}\"')"
    return f"cast(strptime(left(replace({text}, '-', ''), 8), '%Y%m%d') as date)"


def _deal(file: str) -> None:
    """Every row to the sync of its day, and a ledger that says so."""
    firsts = [START, *(day + timedelta(days=1) for day in READ[:-1])]
    with duckdb.connect(file) as db:
        db.execute("delete from raw.load_ledger")
        for source_place, source in enumerate(SOURCES):
            rows = enumerate(zip(firsts, READ, strict=True), source_place * len(READ) + 1)
            readings = ", ".join(f"({number}, date '{first}', date '{last}')" for number, (first, last) in rows)
            for place, stream in enumerate(source.streams.values(), 1):
                words = {"table": stream.raw_table.removeprefix("raw."), "first": FIRST, "start": START}
                words |= {"source": source.name, "stream": stream.name}
                db.execute(_DEALT.format(place=place, day=_day(stream), readings=readings, **words))
                db.execute(_LEDGER.format(**words))
        db.execute("drop table if exists quality.measurements")


def _deliver(pipeline: Pipeline) -> None:
    """What the sources say up to each reading, landed, sealed and loaded as one sync."""
    from deployments.bench.world import land_window, read_at, sealed
    from deployments.local.saas.blocks import Request
    from deployments.local.saas.world import World
    from tasks.ingest.load import load as load_batch

    world, since = World(SEED, SCALE), (None, *map(read_at, READ))
    asked = [(source, last, before) for source in SOURCES for last, before in zip(READ, since, strict=False)]
    for number, (source, last, before) in enumerate(asked, 1):
        request = Request(start=START, since=before, until=read_at(last))
        landed = land_window(world, source.name, Window.of_day(last), number=number, request=request)
        for batch in sealed(landed.run):
            load_batch.fn(batch)


def _found(warehouse: Warehouse, source: Source, window: Window) -> Iterator[tuple[str, Finding]]:
    """Every finding of the exact checks about a window, by check."""
    with quiet():
        from expectations.judge.classes import BY_CHECK

    facts = measured(warehouse, source.name, window)
    for suite, frame in suites_of(source, window, facts):
        m = Measurements.of(frame[~frame["metric"].astype(str).str.startswith(BY_CAMPAIGN)].to_dict("records"))
        for planned in suite.planned:
            if isinstance(planned, Planned) and planned.check in EXACT:
                made = BY_CHECK[planned.check](**planned.arguments, severity=planned.severity, meta={})
                yield from ((planned.check, finding) for finding in made.findings(m))
            elif isinstance(planned, AtLeast) and planned.least is not None:
                state = "passed" if m.number(planned.metric) >= planned.least else "failed"
                yield planned.check, Finding(planned.scope, state, "critical", planned.sentence)


Found = list[tuple[str, str, date, Finding]]  # source, check, day


@pytest.fixture(scope="module")
def found(new_pipeline: Callable[[str], Pipeline]) -> Found:
    """What the exact checks say about every source and day."""
    from tasks import doors

    pipeline = new_pipeline("clean")
    with pipeline.doors():
        _deliver(pipeline)
        _deal(str(pipeline.home / "warehouse.duckdb"))
    pipeline.measure([source.name for source in SOURCES])
    with pipeline.doors(), doors.warehouse() as warehouse:
        # The view finds the newest measurement of each window again for every question: here one is asked 300 times.
        warehouse.execute("create table quality.once as select * from quality.measurements")
        warehouse.execute("drop view quality.measurements")
        warehouse.execute("alter table quality.once rename to measurements")
        return [
            (source.name, check, day, finding)
            for source in SOURCES
            for day in DAYS
            for check, finding in _found(warehouse, source, Window.of_day(day))
        ]


def test_no_exact_check_says_anything_about_sixty_ordinary_days(found: Found) -> None:
    told = [f"{check} {day}: {f.sentence}" for _, check, day, f in found if not f.good and f.severity != "info"]
    assert told == []


def test_every_day_of_every_source_was_judged(found: Found) -> None:
    assert any(FIRST <= each.first <= READ[-1] for each in promotions())
    days = Counter(check for _, check, _, f in found if f.state == "passed")
    assert {"schema_drift", "duplicate_load", "null_spike", "completeness"} <= days.keys()
    agreed = {(source, day) for source, check, day, f in found if check == "reconciliation" and "agree" in f.sentence}
    assert len(agreed) == len(DAYS) * len(SOURCES)


def test_days_were_restated_in_the_time(found: Found) -> None:
    told = [f.sentence for _, check, _, f in found if check == "restatement"]
    assert any("restated within its look-back" in sentence for sentence in told)
