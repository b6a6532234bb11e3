"""What is rendered is committed, fresh, and says what both engines shall do with a payload."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from deployments.render import render
from deployments.render.models import providers_macro
from deployments.render.payload import structure
from deployments.render.schedules import with_schedules
from deployments.render.typing import typed_macro
from expectations.declare.errors import Misconfigured
from expectations.declare.rendered import CHECKOUT, stale
from expectations.declare.source import load, load_all
from expectations.declare.stream import Stream

GOLDEN = Path(__file__).parents[1] / "golden" / "rendered"
HOSTILE = {
    "source": "hostile", "name": "rows", "kind": "entity", "sync": "incremental_append", "key": ["id"],
    "fields": {
        "id": {"name": "id", "type": "text"},
        "it's \"odd\" 😀": {"name": "it's \"odd\" 😀", "type": "text"},
        "picked": {"name": "picked", "type": "integer", "pick": {
            "list": "params", "where": {"key": "o'clock"}, "value": ["value.int_value", "value.string_value"]}},
        "amount": {"name": "amount", "type": "decimal", "pick": {
            "list": "params", "where": {"key": "amount"}, "value": ["value.double_value", "value.int_value"]}},
        "total": {"name": "total", "type": "decimal", "sum": {"list": "lines", "value": "price"}},
        "seconds": {"name": "seconds", "type": "epoch_seconds"},
        "at": {"name": "at", "type": "timestamp"},
        "day": {"name": "day", "type": "date_compact"},
        "link": {"name": "link", "type": "url"},
        "flag": {"name": "flag", "type": "boolean", "path": ["a.b", "c"]},
        "email": {"name": "email", "type": "text", "pii": "join", "pii_type": "email"},
        "phone": {"name": "phone", "type": "text", "pii": "drop"},
    },
}  # fmt: skip


@pytest.fixture
def hostile() -> Stream:
    return Stream.model_validate(HOSTILE)


def test_everything_rendered_is_up_to_date() -> None:
    assert render(check=True) == []
    assert stale() == []


def test_the_typed_select_of_both_engines_is_the_golden_one(hostile: Stream) -> None:
    assert typed_macro(hostile) == (GOLDEN / "typed_hostile__rows.sql").read_text(encoding="utf-8")


def test_a_place_that_is_read_as_several_types_keeps_numbers_exact(hostile: Stream) -> None:
    assert '"params":[{"key":"VARCHAR","value":{"double_value":"DECIMAL(28,9)"' in structure(hostile)
    assert '"int_value":"DECIMAL(28,9)","string_value":"BIGINT"' in structure(hostile)


def test_a_personal_value_is_not_even_parsed(hostile: Stream) -> None:
    assert "email" not in structure(hostile)
    assert "phone" not in typed_macro(hostile)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(CHECKOUT / "dbt", tmp_path / "dbt", ignore=shutil.ignore_patterns("target", "logs"))
    shutil.copyfile(CHECKOUT / "prefect.yaml", tmp_path / "prefect.yaml")
    (tmp_path / "deployments").mkdir()
    for page in ("settings.md", "faults.md"):
        shutil.copyfile(CHECKOUT / "deployments" / page, tmp_path / "deployments" / page)
    return tmp_path


def test_a_changed_and_a_surplus_file_are_listed_and_mended(checkout: Path) -> None:
    models = checkout / "dbt" / "models"
    changed = models / "staging" / "hubspot" / "stg_hubspot__contacts.sql"
    changed.write_text(changed.read_text(encoding="utf-8").replace("sha256 ", "sha256 0")[:-1], encoding="utf-8")
    surplus = models / "staging" / "gone.sql"
    surplus.write_text("-- rendered from gone, sha256 " + "0" * 64, encoding="utf-8")
    assert render(check=True, checkout=checkout) == sorted([changed, surplus])
    assert "dbt/models/staging/gone.sql" in stale(checkout)
    assert render(checkout=checkout) == sorted([changed, surplus])
    assert render(check=True, checkout=checkout) == []
    assert not surplus.exists()


def test_files_written_by_people_are_left_alone(checkout: Path) -> None:
    mine = checkout / "dbt" / "models" / "marts" / "mine.sql"
    mine.write_text("select 1 as one", encoding="utf-8")
    render(checkout=checkout)
    assert mine.read_text(encoding="utf-8") == "select 1 as one"


def test_one_schedule_per_source_with_its_parameters() -> None:
    deployments = yaml.safe_load(with_schedules("", load_all()))["deployments"]
    schedules = {schedule["slug"]: schedule for schedule in deployments[0]["schedules"]}
    assert schedules["google-ads"]["cron"] == load("google_ads").schedule
    assert schedules["google-ads"]["parameters"] == {"source": "google_ads"}
    assert len(schedules) == 6


def test_the_rest_of_the_deployment_file_stays_as_it_is() -> None:
    text = with_schedules("", load_all()).replace("Extract, seal", "Written by a person: extract, seal")
    assert with_schedules(text, load_all()) == text


def test_a_deployment_file_without_the_marks_is_refused() -> None:
    with pytest.raises(Misconfigured, match="the schedule block was not found"):
        with_schedules("name: plumbline\n", load_all())


def test_every_provided_fact_has_its_model() -> None:
    models = {path.stem for path in (CHECKOUT / "dbt" / "models").rglob("*.sql")}
    for source in load_all().values():
        assert {f"{source.name}__{fact}" for fact in source.provides} <= models
    assert "'ad_performance': ['google_ads', 'meta_ads']" in providers_macro(load_all())
