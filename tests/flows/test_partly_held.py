"""A broken HubSpot does not hold finance's revenue: two days of records, closed, held in part, and published."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

import flows.close_day
from expectations.judge.verdict import State, Verdict
from tasks import doors
from tasks.adapters.release_reader import ask
from tasks.publish import provenance
from tasks.publish.alert import announce
from tasks.publish.document import document
from tasks.publish.publish import Release, held_notes, publish, published, release_notes
from tasks.window import Window

if TYPE_CHECKING:
    from tests.conftest import Pipeline

DAY, NEXT = Window.parse("2026-11-16"), Window.parse("2026-11-17")
MARTS = ("agg_channel_daily", "fct_leads", "fct_orders", "fin_revenue_daily")
HELD = {"agg_channel_daily", "fct_leads"}
SENTENCE = "HubSpot contacts: the field lifecyclestage is gone."


def _order(number: int, day: str) -> bytes:
    money = dict.fromkeys(("total_line_items_price", "subtotal_price", "total_price", "current_total_price"), 40.0)
    dated = dict.fromkeys(("created_at", "processed_at", "updated_at"), f"{day}T12:00:00-05:00")
    plain = {"test": False, "source_name": "web", "financial_status": "paid", "currency": "USD", "customer": {"id": 7}}
    record = {"id": number, "shop_url": "shop", "taxes_included": False, "total_discounts": 0, "total_tax": 0}
    return json.dumps(record | money | dated | plain).encode()


def _contact(number: int, day: str) -> bytes:
    at = f"{day}T10:00:00Z"
    stage = {"properties_lifecyclestage": "lead", "properties_hs_lifecyclestage_lead_date": at}
    return json.dumps({"id": str(number), "createdAt": at, "updatedAt": at, "archived": False, **stage}).encode()


def _built(pipeline: Pipeline, window: Window, number: int) -> None:
    """A day's records of both, and the marts made of all so far."""
    pipeline.deliver("shopify", window, {"orders": [_order(number, window.label)]})
    pipeline.deliver("hubspot", window, {"contacts": [_contact(number, window.label)]})
    work = pipeline.home / "dbt"
    shutil.rmtree(work, ignore_errors=True)
    pipeline.build([*MARTS, "measurements"])
    (work / "target" / "models").mkdir()
    shutil.copyfile(work / "target" / "manifest.json", work / "target" / "models" / "manifest.json")


def _drift(window: Window, state: State) -> Verdict:
    return Verdict(
        check="schema_drift", source="hubspot", model="contacts", scope="contacts.lifecyclestage", state=state,
        severity="critical", owner="@crm", sentence=SENTENCE, observed="gone", expected="there",
        runbook="schema_drift", window=window,
    )  # fmt: skip


@dataclass
class Story:
    """The pipeline after two closes: the second with a broken HubSpot."""

    pipeline: Pipeline
    close: Callable[[Window, State], Any]
    ended: Any
    before: dict[str, bytes]


@pytest.fixture(scope="module")
def story(new_pipeline: Callable[[str], Pipeline]) -> Iterator[Story]:
    pipeline = new_pipeline("partly-held")
    known: list[Verdict] = []
    steps: dict[str, Any] = dict.fromkeys(
        ("wait_for_sources", "test", "judge_marts", "compare_closed", "judge_published"), lambda _: ()
    )
    steps |= {"writer_queue": nullcontext, "deliver": lambda: None, "build": lambda _: SimpleNamespace(verdicts=())}
    steps |= {"known_verdicts": lambda _: tuple(known), "fresh_rendering": lambda: None}
    steps |= {"publish": publish.fn, "announce": announce.fn, "document": document.fn}

    def close(window: Window, state: State) -> Any:
        known[:] = [_drift(window, state)]
        return flows.close_day.close_day.fn(window.days()[0])

    with pytest.MonkeyPatch.context() as patch, pipeline.doors():
        for name, step in steps.items():
            patch.setattr(flows.close_day, name, step)
        patch.setattr(provenance, "commit", lambda: "c0ffee")
        _built(pipeline, DAY, 1)
        assert isinstance(close(DAY, "passed"), Release)
        before = _files()
        _built(pipeline, NEXT, 2)
        yield Story(pipeline, close, close(NEXT, "failed"), before)
        doors.ops_store().close()


def _folder() -> Path:
    folder = published()
    assert folder
    return folder


def _files() -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in _folder().glob("*.parquet")}


def _days(mart: str, column: str) -> list[str]:
    rows = ask(_folder(), f"select distinct cast({column} as varchar) from marts.{mart} order by 1")
    return [str(day) for (day,) in rows]


def test_the_run_says_that_a_part_is_held(story: Story) -> None:
    assert (story.ended.name, story.ended.is_completed()) == ("Partly held", True)
    assert story.ended.message.startswith("Published ")
    assert story.ended.message.endswith(f"because: {SENTENCE}")


def test_revenue_is_that_of_the_new_day_and_leads_are_those_of_the_day_before(story: Story) -> None:
    assert _days("fct_orders", "order_date") == _days("fin_revenue_daily", "booked_on") == [DAY.label, NEXT.label]
    assert _days("fct_leads", "entered_date") == [DAY.label]
    assert {name for name, content in _files().items() if content == story.before[name]} >= HELD
    assert held_notes() is None


def test_the_release_says_of_each_mart_where_it_comes_from_and_why(story: Story) -> None:
    notes = release_notes() or {}
    assert notes["marts"].keys() == notes["rows"].keys() - {"measurements"}
    held = {mart: told for mart, told in notes["marts"].items() if "held_since" in told}
    assert held.keys() >= HELD
    assert {told["window"] for told in held.values()} == {DAY.label}
    assert {tuple(told["because"]) for told in held.values()} == {(SENTENCE,)}
    assert notes["marts"]["fin_revenue_daily"]["window"] == NEXT.label
    assert notes["held_sources"] == ["hubspot"]
    (obstacle,) = notes["obstacles"]
    assert set(obstacle["marts"]) == held.keys()


def test_pages_and_messages_say_so(story: Story) -> None:
    site = story.pipeline.home / "site"
    index, figures = (site / "index.html").read_text(), (site / "figures.html").read_text()
    assert "partly held" in index
    assert SENTENCE in index
    assert "These figures are those of Monday 16 November 2026" in figures
    assert f"because: {SENTENCE}" in (site / "data-docs" / "index.html").read_text()
    (message,) = doors.ops_store().pending_messages()
    assert "*Holds*" in json.dumps(message.body)
    assert "marts: agg_" in json.dumps(message.body)


def test_the_same_close_again_changes_nothing(story: Story) -> None:
    before = (_folder(), _files())
    assert story.close(NEXT, "failed").data.reused
    assert (_folder(), _files()) == before


def test_after_the_recovery_everything_is_new(story: Story) -> None:
    release = story.close(NEXT, "passed")
    assert isinstance(release, Release)
    assert (release.kept, release.held) == ((), False)
    assert _days("fct_leads", "entered_date") == [DAY.label, NEXT.label]
    assert [i.state for i in doors.ops_store().incidents()] == ["recovered"]
    assert "partly held" not in (story.pipeline.home / "site" / "index.html").read_text()
