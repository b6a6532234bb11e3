"""Fields against the contract: removed, renamed, retyped, added, not seen yet."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from expectations.judge.drift import Batch, SeenField, classify

REAL_DRIFT = Path(__file__).parents[3] / "shared" / "airbyte" / "real_schema_drift.json"


def _batch(declared: list[SeenField], undeclared: list[SeenField] | None = None, **more: object) -> Batch:
    return Batch(rows=500, rows_before=9000, declared=declared, undeclared=undeclared or [], **more)  # type: ignore[arg-type]


def test_everything_as_declared_is_no_drift() -> None:
    assert classify(_batch([SeenField("spend", 500, 9000)])) == []


def test_an_empty_batch_says_nothing() -> None:
    assert classify(Batch(rows=0, rows_before=9000, declared=[SeenField("spend", 0, 9000)])) == []


def test_a_field_that_is_gone_is_removed() -> None:
    [drift] = classify(_batch([SeenField("spend", 0, 9000)]))
    assert (drift.kind, drift.field, drift.rows, drift.share) == ("removed", "spend", 500, 1.0)


def test_a_similar_name_in_as_many_rows_is_a_rename() -> None:
    declared = [SeenField("properties_lifecyclestage", 0, 9000)]
    others = [SeenField("properties_lifecycle_stage", 500), SeenField("properties_city", 500)]
    drifts = classify(_batch(declared, others))
    assert [(d.kind, d.field, d.to) for d in drifts] == [
        ("renamed", "properties_lifecyclestage", "properties_lifecycle_stage"),
        ("added", "properties_city", ""),
    ]


def test_a_similar_name_in_other_rows_is_no_rename() -> None:
    drifts = classify(_batch([SeenField("spend", 0, 9000)], [SeenField("spends", 499)]))
    assert [d.kind for d in drifts] == ["removed", "added"]


def test_a_name_that_was_there_all_along_is_no_rename() -> None:
    drifts = classify(_batch([SeenField("start_date", 0, 9000)], [SeenField("start_date_time", 500, 9000)]))
    assert [d.kind for d in drifts] == ["removed"]


def test_a_field_that_leaves_half_the_rows_is_reported() -> None:
    [drift] = classify(_batch([SeenField("spend", 250, 9000)]))
    assert (drift.kind, drift.rows) == ("removed", 250)


def test_an_optional_field_that_is_rare_may_be_absent() -> None:
    assert classify(_batch([SeenField("actions", 0, 9)])) == []


def test_a_common_optional_field_may_not() -> None:
    assert [d.kind for d in classify(_batch([SeenField("actions", 0, 4500)]))] == ["removed"]


def test_a_field_never_seen_is_still_learning() -> None:
    assert [d.kind for d in classify(_batch([SeenField("actions", 0, 0)]))] == ["unseen"]


def test_a_required_field_never_seen_is_removed() -> None:
    assert [d.kind for d in classify(_batch([SeenField("id", 0, 0, required=True)]))] == ["removed"]


def test_half_the_values_of_another_type_is_a_new_type() -> None:
    declared = [SeenField("spend", 500, 9000)]
    assert [d.kind for d in classify(_batch(declared, unfit={"spend": 250}))] == ["retyped"]
    assert [d.kind for d in classify(_batch(declared, unfit={"spend": 3}))] == ["unfit"]


def test_undeclared_fields_of_the_first_window_are_no_news() -> None:
    first = Batch(rows=500, rows_before=0, declared=[SeenField("spend", 500)], undeclared=[SeenField("x", 500)])
    assert classify(first) == []


def _real() -> list[dict[str, list[str]]]:
    if not REAL_DRIFT.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{REAL_DRIFT} must be there in CI")
        pytest.skip("the recorded drift is not part of a clone")
    found: list[dict[str, list[str]]] = json.loads(REAL_DRIFT.read_text())
    return found


def test_real_drift_is_reported_field_by_field() -> None:
    for stream in _real():
        gone, new = stream["in_2024_records_not_in_current_schema"], stream["examples_added"]
        drifts = classify(_batch([SeenField(n, 0, 9000) for n in gone], [SeenField(n, 500) for n in new]))
        assert {d.field for d in drifts if d.kind in ("removed", "renamed")} == set(gone)
        renamed = {d.to for d in drifts if d.kind == "renamed"}
        assert {d.field for d in drifts if d.kind == "added"} == set(new) - renamed


def test_a_real_rename_of_google_ads_is_guessed() -> None:
    declared = [SeenField("campaign.start_date", 0, 9000), SeenField("campaign.end_date", 0, 9000)]
    now = [SeenField("campaign.start_date_time", 500), SeenField("campaign.end_date_time", 500)]
    guesses = {d.field: d.to for d in classify(_batch(declared, now))}
    assert guesses == {
        "campaign.start_date": "campaign.start_date_time",
        "campaign.end_date": "campaign.end_date_time",
    }
