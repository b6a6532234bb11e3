"""What a backfill refuses, what it costs, what becomes of its plan, and how its form asks a person."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

import flows.backfill
import flows.replay
from expectations.declare.errors import Misconfigured
from expectations.declare.source import load as declared
from expectations.declare.source import names
from tasks import doors
from tasks.adapters.ops_periods import OpsPeriods
from tasks.adapters.ops_plans import Change, Chunk, OpsPlans, Plan, Promotion, told
from tasks.adapters.warehouse.on_duckdb import duckdb_warehouse
from tasks.adapters.warehouse.staging import StagedFile, clone_name, clone_statements, swap_statements
from tasks.backfill import plan as plans
from tasks.backfill.chunks import Difference
from tasks.backfill.estimate import credits_of
from tasks.backfill.figures import days_of, difference, fingerprint
from tasks.backfill.plan import Wish, pieces_of, refusals, the_plan
from tasks.backfill.promote import abandon, expire_old, promote
from tasks.backfill.tell import markdown, outside, question, totals, write_csv
from tasks.settings import BackfillSettings, settings
from tasks.window import Window

TODAY = date(2026, 11, 21)
OCTOBER = Window.parse("2026-10-05..2026-10-11")
AT = datetime(2026, 11, 21, 10, tzinfo=UTC)
WISH = Wish(("meta_ads",), OCTOBER, "extract", "a key was wrong", "ada")
PLAN = Plan("p", OCTOBER, "replay", ("meta_ads",), "a key was wrong", "ada", False, "staged", AT, AT)
SPEND = Change("fct_ad_performance", "spend", "Paid Social", "2026-10-06", Decimal("10.5"), Decimal("12"))


@pytest.fixture(autouse=True)
def home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(plans, "reporting_day", lambda: TODAY)
    monkeypatch.setattr(plans, "now", lambda: AT)
    return home


def _kept(plan: Plan) -> OpsPlans:
    kept = OpsPlans(doors.ops_store())
    kept.add(plan, [Chunk(plan.id, 1, plan.window, "waiting")])
    return kept


# What is refused


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"window": Window.parse("2026-11-20..2026-11-21")}, "2026-11-21 is not over yet; the last day that can be"),
        (
            {"window": Window.parse("2026-05-24..2026-05-25")},
            "2026-05-24 is more than 180 days ago; the first day is 2026-05-25",
        ),
        (
            {"window": Window.parse("2026-10-20..2026-10-24")},
            "reads every day since 2026-10-24 again with each refresh",
        ),
        ({"reason": " "}, "a reason is missing"),
        ({"sources": ()}, "no source is chosen"),
    ],
)
def test_what_must_not_be_done_again_is_refused_in_words(changed: dict[str, Any], said: str) -> None:
    assert any(said in reason for reason in refusals(replace(WISH, **changed)))


def test_days_that_a_source_has_forgotten_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    short = declared("meta_ads").model_copy(update={"retention": timedelta(days=40)})
    monkeypatch.setattr(plans, "declared", lambda _name: short)
    assert list(refusals(WISH)) == ["meta_ads keeps 40 days; its first day is 2026-10-12"]
    assert list(refusals(replace(WISH, mode="replay"))) == []


def test_a_second_plan_for_the_same_days_of_a_source_waits_for_the_first() -> None:
    _kept(PLAN)
    (reason,) = refusals(WISH)
    assert reason.startswith("plan p (staged, 2026-10-05..2026-10-11) works on meta_ads")
    assert list(refusals(replace(WISH, sources=("shopify",)))) == []
    assert list(refusals(replace(WISH, window=Window.parse("2026-10-12")))) == []


def test_a_closed_month_keeps_its_figures_and_gets_restatements() -> None:
    periods = OpsPeriods(doors.ops_store())
    periods.close("2026-10", "fin")
    assert any("2026-10 is closed and keeps its signed figures" in reason for reason in refusals(WISH))
    with pytest.raises(Misconfigured, match="2026-10 is closed"):
        flows.replay.replay.fn(OCTOBER, "why", "ada", ["meta_ads"])
    assert list(refusals(replace(WISH, to_restatements=True))) == []
    kept = _kept(replace(PLAN, to_restatements=True, changed_at=plans.now()))
    kept.save_changes("p", [SPEND])
    done = promote.fn("p", by="fin", note="found late")
    assert (done.plan.state, done.changes, kept.promotions()) == ("restated", 1, [])
    (restated,) = periods.restatements("p")
    assert (restated.change, restated.by, restated.reason) == (SPEND, "fin", "a key was wrong")


def test_nonsense_months_are_refused() -> None:
    with pytest.raises(Misconfigured, match="'October' is not a month"):
        OpsPeriods(doors.ops_store()).close("October", "fin")


# What a plan is and becomes


def test_the_same_wish_of_the_same_run_is_the_same_plan_and_costs_nothing_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(plans, "estimates", lambda sources, *_, **__: asked.extend(sources) or ())
    wish = replace(WISH, key="run 1", chunk_days=3)
    first, again = plans.plan.fn(wish), plans.plan.fn(wish)
    assert (first.plan, first.chunks, again.reused, asked) == (again.plan, again.chunks, True, ["meta_ads"])
    assert [chunk.window.label for chunk in first.chunks] == [
        *("2026-10-05..2026-10-07", "2026-10-08..2026-10-10", "2026-10-11"),
    ]


def test_pieces_are_the_days_of_the_window_once_and_in_order() -> None:
    for days in range(1, 9):
        assert [day for piece in pieces_of(OCTOBER, days) for day in piece.days()] == OCTOBER.days()


def test_a_plan_about_which_nobody_decides_expires_and_its_copy_is_dropped(home: Path) -> None:
    kept = _kept(PLAN)
    copy = home / "backfill" / "p"
    copy.mkdir(parents=True)
    kept.move(replace(PLAN), "staged")
    assert expire_old() == []
    with pytest.MonkeyPatch.context() as later:
        later.setattr(plans, "now", lambda: datetime.now(UTC) + timedelta(days=3, minutes=1))
        with pytest.raises(Misconfigured, match="the plan has expired"):
            promote.fn("p", by="ada")
    assert (the_plan("p").state, copy.exists()) == ("expired", False)
    with pytest.raises(Misconfigured, match="the plan is expired: nobody decided for 3 days"):
        the_plan("p", states=("staged",))


def test_an_abandoned_plan_is_over_and_abandoning_it_again_says_nothing_new() -> None:
    _kept(PLAN)
    assert abandon.fn("p", by="ada", note="not needed").plan.note == "abandoned by ada. not needed"
    assert abandon.fn("p", by="bob").reused
    with pytest.raises(Misconfigured, match=r"there is no backfill plan 'q'.*there is no open plan"):
        the_plan("q")


def test_a_promotion_stands_in_the_release_with_date_name_and_reason() -> None:
    kept = _kept(PLAN)
    for _ in range(2):
        kept.record(Promotion("p", OCTOBER, "extract", ("meta_ads",), "a key was wrong", "ada", "", 7, AT))
    (line,) = told(kept.promotions())
    assert line == {
        "id": "p", "mode": "extract", "sources": ["meta_ads"], "window": "2026-10-05..2026-10-11",
        "at": "2026-11-21T10:00:00+00:00", "by": "ada", "reason": "a key was wrong", "changes": 7,
    }  # fmt: skip


def test_credits_follow_the_formula_of_hours_and_gigabytes() -> None:
    prices = BackfillSettings(parquet_gb_per_hour=57, credits_per_hour=4, credits_per_gb=0.0037)
    assert credits_of(57_000_000_000, 1, prices) == pytest.approx(4 + 57 * 0.0037)
    assert credits_of(0, 30, prices) == pytest.approx(30 / 60 * 4)  # a resume is billed as a minute


# What is shown


def test_a_difference_is_every_figure_that_is_not_the_same() -> None:
    before = {("m", "spend", "Email", "2026-10-06"): Decimal("1.50"), ("m", "spend", "SMS", "2026-10-06"): Decimal(3)}
    after = {("m", "spend", "Email", "2026-10-06"): Decimal("1.5"), ("m", "spend", "SEO", "2026-10-01"): Decimal(4)}
    found = difference(before, after)
    assert [(c.channel, c.before, c.after) for c in found] == [("SEO", 0, 4), ("SMS", 3, 0)]
    assert outside(PLAN, found) == ["2026-10-01"]
    assert difference(before, before) == ()
    one, same = {("m", "x", "c", "d"): Decimal("1.50")}, {("m", "x", "c", "d"): Decimal("1.5")}
    assert fingerprint(one) == fingerprint(same) != fingerprint(after)
    assert days_of(OCTOBER)[-1] == "2026-10-11"


def test_what_would_change_is_a_page_and_a_file(home: Path) -> None:
    found = Difference(PLAN, (SPEND, replace(SPEND, day="2026-10-07", before=Decimal(0), after=Decimal("1.25"))))
    page = markdown(found)
    assert "| fct_ad_performance | spend | Paid Social | 2 | 10.5 | 13.25 | 2.75 |" in page
    assert "| fct_ad_performance: spend, Paid Social | 10.5 | 13.25 |" in question(found)
    assert "**No figure would change.**" in markdown(Difference(PLAN, ()))
    assert "No figure would change." in question(Difference(PLAN, ()))
    assert totals(found.changes)[0].days == 2
    lines = write_csv(found).read_text().splitlines()
    assert lines[1] == "fct_ad_performance,spend,Paid Social,2026-10-06,10.5,12,1.5"


# The copy


def _rows(file: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute("select n from t order by n").fetchall()


def test_a_copy_holds_what_the_live_file_held_and_takes_its_place_in_one_step(tmp_path: Path) -> None:
    live = tmp_path / "w.duckdb"
    with duckdb.connect(str(live)) as connection:
        connection.execute("create table t as select 1 as n")
    copy = StagedFile(live, tmp_path / "plan", lambda file: duckdb_warehouse(settings().warehouse, file))
    copy.create()
    with duckdb.connect(str(copy.copy)) as connection:
        connection.execute("insert into t values (2)")
    assert _rows(live) == [(1,)]
    copy.swap()
    assert (_rows(live), copy.exists()) == ([(1,), (2,)], False)
    copy.drop()
    assert not (tmp_path / "plan").exists()


def test_a_disk_that_is_too_small_is_told_before_anything_is_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = tmp_path / "w.duckdb"
    duckdb.connect(str(live)).close()
    copy = StagedFile(live, tmp_path / "plan", lambda file: duckdb_warehouse(settings().warehouse, file))
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    with pytest.raises(Misconfigured, match=r"the staged copy needs .* GB, 0.0 GB are free"):
        copy.create()
    assert not copy.exists()


def test_a_clone_on_snowflake_is_made_and_swapped_without_copying_a_row() -> None:
    clone = clone_name("replay-20261005-20261011-0a1b2c3d")
    golden = Path(__file__).parents[1] / "golden/snowflake/backfill.sql"
    said = [*clone_statements("PLUMBLINE", clone), *swap_statements("PLUMBLINE", clone)]
    assert ";\n".join(said) + ";\n" == golden.read_text()


# The flow


def test_the_form_offers_the_declared_sources_and_asks_for_a_name() -> None:
    schema = flows.backfill.SourceName
    assert [member.value for member in schema] == names()
    form = flows.backfill.Decision.model_json_schema()
    assert form["required"] == ["decision", "by"]
    assert form["properties"]["decision"]["enum"] == ["promote", "abandon"]
    assert all("description" in field for field in form["properties"].values())


def test_a_resumed_run_repeats_nothing_and_promotes_what_was_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    def step(name: str, result: Any) -> Callable[..., Any]:
        return lambda *_, **__: said.append(name) or result

    chunk, planned = Chunk("p", 1, OCTOBER, "waiting"), SimpleNamespace(plan=PLAN)
    left = iter([(chunk,), ()])
    steps = {"plan": planned, "fetch": chunk, "apply": chunk, "compare": Difference(PLAN, ()), "show": None}
    for name, result in steps.items():
        monkeypatch.setattr(flows.backfill, name, step(name, result))
    monkeypatch.setattr(flows.backfill, "stage", lambda _id: said.append("stage") or next(left))
    monkeypatch.setattr(flows.backfill, "backfill_queue", nullcontext)
    monkeypatch.setattr(
        flows.backfill, "promote", step("promote", SimpleNamespace(plan=replace(PLAN, state="promoted")))
    )
    monkeypatch.setattr(flows.backfill, "published_again", step("published_again", None))
    decisions = iter([KeyboardInterrupt, flows.backfill.Decision(decision="promote", by="ada")])

    def person(_found: Difference) -> flows.backfill.Decision:
        decision = next(decisions)
        if isinstance(decision, type):
            raise decision  # the process ends while a person thinks
        return decision

    monkeypatch.setattr(flows.backfill, "person_decides", person)
    days = flows.backfill.Days(first_day=date(2026, 10, 5), last_day=date(2026, 10, 11))
    why = flows.backfill.Asked(reason="a key was wrong", by="ada")
    with pytest.raises(KeyboardInterrupt):
        flows.backfill.backfill.fn([flows.backfill.SourceName.meta_ads], days, asked=why)
    flows.backfill.backfill.fn([flows.backfill.SourceName.meta_ads], days, asked=why)
    assert said == [
        *("plan", "stage", "fetch", "apply", "compare", "show"),
        *("plan", "stage", "compare", "show", "promote", "published_again"),
    ]
