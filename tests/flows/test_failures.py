"""What flows do when something is wrong: refuse before the first step, hold, tell, and continue after a death."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from prefect.exceptions import ParameterTypeError

import flows.build_marts
import flows.close_day
import flows.refresh_source
import flows.start
from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.airbyte_values import Connection, Job, StreamSchema
from tasks.adapters.dbt_results import DbtOutcome, NodeResult
from tasks.adapters.dbt_runner import DbtConfig
from tasks.build.people import Linked
from tasks.build.transform import without_values
from tasks.publish import provenance
from tasks.publish.publish import Release, held_notes
from tasks.settings import settings
from tasks.window import Window

DAY = Window.parse("2026-11-17")
AT = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)
STEPS = (
    *("sync", "collect", "land", "seal", "load", "settle", "measure", "hold_back", "judge"),
    *(
        "build",
        "test",
        "judge_marts",
        "judge_published",
        "compare_closed",
        "preflight",
        "compare_delivery",
        "wait_for_sources",
    ),
    *("publish", "announce", "document", "deliver"),
)
STEPS_BESIDE = ("wait_for_sources", "judge_marts", "judge_published", "document")


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make a flow call the bodies of its steps, some of them replaced; `before` is told the name of each."""

    def replaced(module: ModuleType, before: Callable[[str], None] = lambda _: None, **others: Any) -> None:
        def body(name: str) -> Callable[..., Any]:
            real = others.get(name) or getattr(getattr(module, name), "fn", getattr(module, name))

            def call(*args: Any, **kwargs: Any) -> Any:
                before(name)
                return real(*args, **kwargs)

            return call

        for name in (name for name in STEPS if hasattr(module, name)):
            monkeypatch.setattr(module, name, body(name))
        for name in ("platform_queue", "writer_queue"):
            monkeypatch.setattr(module, name, lambda *_: nullcontext(), raising=False)

    return replaced


@pytest.fixture
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLUMBLINE_SITE_URL", "http://127.0.0.1:1")
    # Who people are, and what the tables are made of, is not what is asked here; both need a real warehouse.
    monkeypatch.setattr("tasks.build.transform.link_people", lambda _: Linked(0, 0, 0))
    monkeypatch.setattr("tasks.build.transform.catalog", lambda _: None)
    return home


# Parameters, as the UI or the API hand them over


@pytest.mark.parametrize(
    ("flow", "given", "said"),
    [
        (
            flows.refresh_source.refresh_source,
            {"source": "ga4", "window": {"start": "2026-11-18T00:00:00Z", "end": "2026-11-17T00:00:00Z"}},
            "a window must start before it ends",
        ),
        (flows.refresh_source.refresh_source, {"source": "ga4", "window": "banana"}, "window"),
        (flows.build_marts.build_marts, {"window": {"start": "2026-11-17", "end": "2026-11-18"}}, "timezone"),
        (flows.close_day.close_day, {"day": "2026-13-01"}, "month value is outside"),
        (flows.close_day.close_day, {"day": "tomorrow"}, "valid date"),
    ],
)
def test_nonsense_parameters_fail_before_the_flow(flow: Any, given: dict[str, Any], said: str) -> None:
    with pytest.raises(ParameterTypeError, match=said):
        flow.validate_parameters(given)


@pytest.mark.parametrize(
    ("module", "start"),
    [
        (flows.refresh_source, lambda: flows.refresh_source.refresh_source.fn("ga4", DAY)),
        (flows.build_marts, lambda: flows.build_marts.build_marts.fn(DAY)),
        (flows.close_day, lambda: flows.close_day.close_day.fn(DAY.days()[0])),
    ],
)
def test_a_flow_refuses_models_that_are_older_than_their_declaration(
    module: ModuleType, start: Callable[[], object], bodies: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    bodies(module, begun.append)
    old = [f"dbt/models/staging/stg_ga4__{n}.sql" for n in range(4)]
    monkeypatch.setattr(flows.start, "stale", lambda: old)
    with pytest.raises(
        Misconfigured, match=r"4 rendered files are older .*ga4__2.sql, and more\). Run `plumbline rend"
    ):
        start()
    assert begun == []


# A model that fails


def _release(ended: Any) -> Release:
    found = getattr(ended, "data", ended)  # a held day ends its run in a state of that name
    assert isinstance(found, Release)
    return found


class FakeDbt:
    """Four models, of which one fails as long as `broken` holds a message; no lineage, so it holds everything."""

    config = DbtConfig(Path("nothing is here"))

    def __init__(self, broken: str) -> None:
        self.broken = broken

    def run_models(self, select: object = (), *, exclude: object = ()) -> DbtOutcome:
        told = [NodeResult("good", "success", "", 0.1)]
        told.append(NodeResult("fct_orders", "error" if self.broken else "success", self.broken, 0.1))
        told.append(NodeResult("agg_channel_daily", "skipped" if self.broken else "success", "", 0.0))
        return DbtOutcome(not self.broken, tuple(told), Path("run_results.json"))

    def run_tests(self, select: object = ()) -> DbtOutcome:
        return DbtOutcome(True, (NodeResult("orders_are_unique", "pass", "", 0.1),), Path("run_results.json"))


class FakeWarehouse:
    """Rises with each load, so that each build has new inputs."""

    def __init__(self) -> None:
        self.ledger = [("lake/1", "e")]

    def ensure_raw(self, table: str) -> None:
        pass

    def query(self, sql: str, params: object = ()) -> list[tuple[Any, ...]]:
        return [*self.ledger] if "object_key, etag" in sql else []

    def put(self, copy: object) -> None:
        pass

    def relations(self, schema: str) -> list[str]:
        return ["fct_orders"] if schema == "marts" else []

    def export(self, relation: str, path: Path) -> int:
        path.write_text(relation)
        return 1


MESSAGE = """Runtime Error in model fct_orders (models/marts/fct_orders.sql)
  Conversion Error: Could not convert string 'ada@example.com's' to INT32

  LINE 3: select 'ada@example.com'"""


def test_a_failed_model_holds_is_told_and_recovers_after_the_repair(
    home: Path, bodies: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    dbt, warehouse = FakeDbt(""), FakeWarehouse()
    monkeypatch.setattr(doors, "dbt", lambda: dbt)
    monkeypatch.setattr(doors, "warehouse", lambda: nullcontext(warehouse))
    monkeypatch.setattr(provenance, "commit", lambda: "c0ffee")
    bodies(flows.build_marts, judge_marts=lambda _: (), judge_published=lambda _: (), document=lambda _: None)

    def built() -> Release:
        warehouse.ledger.append((f"lake/{len(warehouse.ledger) + 1}", "e"))
        return _release(flows.build_marts.build_marts.fn(DAY))

    good, current = built(), home / "published" / "current"
    before = current.resolve()
    dbt.broken = MESSAGE
    held = built()
    assert (good.held, held.held, current.resolve()) == (False, True, before)
    assert held.because == (
        "The model fct_orders did not build: Conversion Error: Could not convert string (value) to INT32.",
    )
    (incident,) = doors.ops_store().open_incidents()
    assert (incident.check, incident.sentence) == ("build_failed", held.because[0])
    assert "ada@" not in str(doors.ops_store().pending_messages())

    dbt.broken = ""
    assert not built().held
    assert current.resolve() != before
    assert (held_notes(), doors.ops_store().open_incidents()) == (None, [])
    kinds = [message.kind for message in doors.ops_store().pending_messages()]
    assert kinds == ["open", "recovered"]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (MESSAGE, "Conversion Error: Could not convert string (value) to INT32"),
        ("Got 3 results, configured to fail if != 0", "Got 3 results, configured to fail if != 0"),
        ('Constraint Error: duplicate key "email: ada@x.de\nfoo"', "Constraint Error: duplicate key (value)"),
        ("Database Error in model x (models/x.sql)", "Database Error in model x (models/x.sql)"),
        ("it can't be done with 'a' and 'b'", "it can't be done with (value)"),
        ("", ""),
    ],
)
def test_a_message_of_the_engine_is_told_without_values(message: str, said: str) -> None:
    assert without_values(message) == said


# An outage


def test_a_slack_that_is_down_fails_nothing_and_loses_nothing(
    home: Path, bodies: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    dbt, warehouse, said = FakeDbt(MESSAGE), FakeWarehouse(), []

    class Silent:
        def post(self, *_: object, **__: object) -> str:
            raise Unavailable("Slack did not answer for 2.6 s (URLError)", where="http://127.0.0.1:9/api/")

    class Answers:
        def find(self, *_: object, **__: object) -> None:
            return None

        def post(self, channel: str, text: str, blocks: object, **_: object) -> str:
            said.append(text)
            return "1.0"

    monkeypatch.setenv("PLUMBLINE_SLACK_TOKEN", "xoxb-test")
    settings.cache_clear()
    for name, door in {"dbt": lambda: dbt, "warehouse": lambda: nullcontext(warehouse), "slack": Silent}.items():
        monkeypatch.setattr(doors, name, door)
    bodies(flows.close_day, **dict.fromkeys(STEPS_BESIDE, lambda _: ()))
    assert _release(flows.close_day.close_day.fn(DAY.days()[0])).held
    (message,) = doors.ops_store().pending_messages()
    assert (message.attempts, "http://127.0.0.1:9/api/" in message.last_error) == (1, True)
    monkeypatch.setattr(doors, "slack", Answers)
    for _ in range(2):
        flows.close_day.close_day.fn(DAY.days()[0])
    assert len(said) == 1
    assert doors.ops_store().pending_messages() == []


# A death


class FakeAirbyte:
    """One source whose job writes its objects and then succeeds."""

    def __init__(self, pipeline: Any) -> None:
        self.pipeline, self.jobs = pipeline, dict[int, Job]()

    def connection_for(self, source: str) -> Connection:
        return Connection("c", source, "active", "")

    def ensure_sync(self, connection_id: str) -> Job:
        number = len(self.jobs) + 1
        self.jobs[number] = Job(number, "running", connection_id, AT, None, None, None)
        for stream in declared("hubspot").streams.values():
            lines = b"".join(self.pipeline.envelope(n, b'{"id":"%d"}' % n) for n in (1, 2))
            key = f"{stream.landing_prefix}2026/11/18/{number}_0_1.jsonl.gz"
            doors.object_store().put(key, gzip.compress(lines, mtime=0))
        return self.jobs[number]

    def streams(self, connection: Connection, *, ignore_cache: bool) -> tuple[StreamSchema, ...]:
        return ()

    def job(self, job_id: int) -> Job:
        return self.jobs[job_id]

    def jobs_since(self, connection_id: str, since: datetime) -> list[Job]:
        return list(self.jobs.values())

    def wait(self, job_id: int, deadline: float) -> Job:
        self.jobs[job_id] = replace(self.jobs[job_id], status="succeeded", rows_synced=4, bytes_synced=9)
        return self.jobs[job_id]


@pytest.mark.parametrize("dies_at", range(1, 18))
def test_a_refresh_that_died_before_any_step_continues_and_ends_as_if_it_had_not(
    dies_at: int, new_pipeline: Callable[[str], Any], bodies: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = new_pipeline(f"death-{dies_at}")
    airbyte, seen, deaths = FakeAirbyte(pipeline), list[str](), [dies_at]
    monkeypatch.setattr(doors, "airbyte", lambda: airbyte)

    def before(name: str) -> None:
        seen.append(name)
        if deaths and len(seen) == deaths[0]:
            deaths.clear()
            raise KeyboardInterrupt

    others = {"measure": lambda *_: SimpleNamespace(verdicts=()), "judge": lambda *_: (), "document": lambda _: None}
    bodies(flows.refresh_source, before, **others)
    with pipeline.doors():
        try:
            flows.refresh_source.refresh_source.fn("hubspot", DAY)
        except KeyboardInterrupt:
            flows.refresh_source.refresh_source.fn("hubspot", DAY)
        doors.ops_store().close()
    assert len(airbyte.jobs) == 1
    for stream in declared("hubspot").streams.values():
        assert pipeline.ask(f"select count(*), count(distinct _airbyte_raw_id) from {stream.raw_table}") == [(2, 2)]
    assert pipeline.ask("select count(*) from raw.load_ledger") == [(len(declared("hubspot").streams),)]
