"""Readers see one complete release at every moment: the last good one, whatever is held or dies meanwhile."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from expectations.declare.rendered import CHECKOUT
from expectations.judge.verdict import Severity, State, Verdict
from tasks import doors
from tasks.adapters.dbt_manifest import Node, Project
from tasks.adapters.ops_held_back import OpsHeldBack
from tasks.adapters.ops_store import Incident
from tasks.build.marts import mart_names
from tasks.publish import gate, provenance, publish
from tasks.publish.origins import caution, counted, groups, lines, origins_of
from tasks.publish.publish import held_notes, release_notes
from tasks.publish.reach import reach_in
from tasks.settings import settings
from tasks.window import Window

DAY, NEXT = Window.parse("2026-11-17"), Window.parse("2026-11-18")
MARTS = ["agg_channel_daily", "fct_orders"]


class FakeWarehouse:
    """A ledger and two marts; `dies_at` names the relation whose export is interrupted."""

    def __init__(self) -> None:
        self.ledger = [("lake/a", "e1")]
        self.dies_at = ""

    def query(self, sql: str, params: list[Any]) -> list[tuple[Any, ...]]:
        if "object_key, etag" in sql:
            return self.ledger
        return [("lake/manifest.json", 7)] if "manifest" in sql else []

    def relations(self, schema: str) -> list[str]:
        return {"marts": MARTS, "restricted": ["retargeting"]}.get(schema, [])

    def export(self, relation: str, path: Path) -> int:
        path.write_text(f"{relation} of {len(self.ledger)} objects")
        if relation.endswith(self.dies_at or "nothing"):
            raise KeyboardInterrupt
        return 10


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeWarehouse]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    settings.cache_clear()
    fake = FakeWarehouse()

    @contextmanager
    def opened() -> Iterator[FakeWarehouse]:
        yield fake

    monkeypatch.setattr(doors, "warehouse", opened)
    monkeypatch.setattr(provenance, "commit", lambda: "c0ffee")
    yield fake
    doors.ops_store().close()
    settings.cache_clear()


def _verdict(state: State = "passed", severity: Severity = "critical", check: str = "reconciliation") -> Verdict:
    return Verdict(
        check=check, source="shopify", model="orders", scope="orders", state=state, severity=severity,
        owner="@finance-data", sentence=f"Shopify orders: {state}.", observed="1", expected="2", runbook="r",
        window=DAY,
    )  # fmt: skip


def _published(window: Window = DAY, *verdicts: Verdict, state: Any = "final") -> publish.Release:
    return publish.publish.fn(window, state, verdicts or (_verdict(),))


def _complete(folder: Path) -> bool:
    notes = json.loads((folder / "release.json").read_text())
    return all((folder / f"{name}.parquet").exists() for name in [*notes["rows"]]) and len(notes["rows"]) == 3


def _current(home: Path) -> Path:
    return (home / "published" / "current").resolve()


def test_a_release_is_complete_and_says_what_it_is_made_of(warehouse: FakeWarehouse, tmp_path: Path) -> None:
    release = _published()
    assert release.folder == _current(tmp_path)
    assert _complete(_current(tmp_path))
    notes = release_notes()
    assert notes is not None
    assert (notes["id"], notes["state"], notes["window"]["label"]) == (release.id, "final", "2026-11-17")
    assert (notes["commit"], notes["inputs"]) == ("c0ffee", [{"manifest": "lake/manifest.json", "rows": 7}])
    assert notes["verdicts"]["counts"] == {"passed": 1}
    assert release.rows == 30


def test_a_list_of_people_is_never_published(warehouse: FakeWarehouse, tmp_path: Path) -> None:
    _published()
    assert not list(tmp_path.rglob("*retargeting*"))
    project = yaml.safe_load((CHECKOUT / "dbt" / "dbt_project.yml").read_text())
    assert project["models"]["plumbline"]["restricted"]["+schema"] == "restricted"
    lists = {path.stem for path in (CHECKOUT / "dbt" / "models" / "restricted").glob("*.sql")}
    assert lists
    assert not lists & set(mart_names())


def test_the_same_inputs_are_published_once(warehouse: FakeWarehouse, tmp_path: Path) -> None:
    first, second = _published(), _published()
    assert (second.id, second.reused, first.reused) == (first.id, True, False)
    assert len(doors.ops_store().releases(DAY)) == 1


def test_new_inputs_are_a_new_release(warehouse: FakeWarehouse, tmp_path: Path) -> None:
    first = _published()
    warehouse.ledger.append(("lake/b", "e2"))
    second = _published()
    assert second.id != first.id
    assert _current(tmp_path) == second.folder


@pytest.mark.parametrize("state", ["failed", "errored"])
def test_a_critical_finding_keeps_the_last_good_release_and_says_so(
    warehouse: FakeWarehouse, tmp_path: Path, state: State
) -> None:
    good = _published()
    before = _current(tmp_path)
    held = _published(NEXT, _verdict(state))
    assert (held.held, held.because, held.folder) == (True, (f"Shopify orders: {state}.",), None)
    assert _current(tmp_path) == before
    notes = held_notes()
    assert notes is not None
    assert (notes["window"]["label"], notes["readers_see"]) == ("2026-11-18", good.id)
    assert [row.held for row in doors.ops_store().releases(NEXT)] == [True]


def test_a_warning_does_not_hold(warehouse: FakeWarehouse) -> None:
    release = _published(DAY, _verdict("warned", "warning"))
    assert not release.held
    notes = release_notes()
    assert notes is not None
    assert notes["verdicts"]["marked"][0]["sentence"] == "Shopify orders: warned."


def test_a_late_source_is_stale_in_the_release(warehouse: FakeWarehouse) -> None:
    _published(DAY, _verdict("warned", "warning", check="late"))
    notes = release_notes()
    assert notes is not None
    assert notes["stale_sources"] == ["shopify"]


def test_after_the_repair_nothing_is_held_any_more(warehouse: FakeWarehouse) -> None:
    _published(DAY, _verdict("failed"))
    assert held_notes() is not None
    warehouse.ledger.append(("lake/again", "e3"))
    assert not _published(DAY).held
    assert held_notes() is None


def test_the_first_release_that_is_held_leaves_nothing_to_read(warehouse: FakeWarehouse, tmp_path: Path) -> None:
    _published(DAY, _verdict("failed"))
    assert publish.published() is None
    assert not (tmp_path / "published" / "current").exists()


@pytest.mark.parametrize("relation", [*MARTS, "measurements"])
def test_dying_while_files_are_written_changes_nothing(warehouse: FakeWarehouse, tmp_path: Path, relation: str) -> None:
    good = _published()
    warehouse.ledger.append(("lake/b", "e2"))
    warehouse.dies_at = relation
    with pytest.raises(KeyboardInterrupt):
        _published(NEXT)
    assert _current(tmp_path) == good.folder
    assert _complete(_current(tmp_path))
    warehouse.dies_at = ""
    assert _current(tmp_path) == good.folder
    assert _published(NEXT).folder == _current(tmp_path)
    assert not list((tmp_path / "published" / "releases").glob(".tmp-*"))


def _dies(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("step", ["_swap", "_forget_old_releases", "sync_to_disk", "_write_durably"])
def test_dying_between_two_steps_leaves_a_complete_release(
    warehouse: FakeWarehouse, tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _published()
    warehouse.ledger.append(("lake/b", "e2"))
    with monkeypatch.context() as patch:
        patch.setattr(publish, step, _dies)
        with pytest.raises(KeyboardInterrupt):
            _published(NEXT)
    assert _complete(_current(tmp_path))
    again = _published(NEXT)
    assert again.folder == _current(tmp_path)
    assert _complete(_current(tmp_path))


def test_dying_after_the_swap_still_records_the_release(
    warehouse: FakeWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(doors.ops_store(), "record_release", _dies, raising=False)
        with pytest.raises(KeyboardInterrupt):
            _published()
    _published()
    assert [row.held for row in doors.ops_store().releases(DAY)] == [False]


def test_what_is_published_already_is_not_held_when_its_checks_pass_again(warehouse: FakeWarehouse) -> None:
    good = _published()
    assert _published(DAY, _verdict("errored")).held
    assert _published().id == good.id
    assert held_notes() is None


def test_current_is_complete_at_every_change_of_the_folder(
    warehouse: FakeWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _published()
    seen: list[bool] = []

    def watched(real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            seen.append(_complete(_current(tmp_path)))
            done = real(*args, **kwargs)
            seen.append(_complete(_current(tmp_path)))
            return done

        return call

    for name in ("replace", "symlink", "rename", "unlink", "fsync"):
        monkeypatch.setattr(os, name, watched(getattr(os, name)))
    for round_ in range(3):
        warehouse.ledger.append((f"lake/{round_}", "e"))
        _published()
    assert len(seen) > 20
    assert all(seen)


def test_old_releases_go_and_the_one_that_is_read_stays(warehouse: FakeWarehouse, tmp_path: Path) -> None:
    releases = tmp_path / "published" / "releases"
    for round_ in range(8):
        warehouse.ledger.append((f"lake/{round_}", "e"))
        folder = _published().folder
        assert folder is not None
        os.utime(folder, (round_ + 1, round_ + 1))
    left = sorted(releases.iterdir(), key=lambda path: path.stat().st_mtime)
    assert settings().keep.releases <= len(left) <= settings().keep.releases + 1
    assert _current(tmp_path) == left[-1]
    os.utime(left[-1], (0, 0))  # as if a clock had been set back
    publish._forget_old_releases()
    assert _complete(_current(tmp_path))


def test_a_provisional_release_and_a_final_one_of_a_day_are_two(warehouse: FakeWarehouse) -> None:
    provisional, final = _published(state="provisional"), _published(state="final")
    assert (provisional.state, final.state) == ("provisional", "final")
    assert provisional.id != final.id


def test_a_later_day_is_held_while_an_earlier_one_is_wrong(warehouse: FakeWarehouse) -> None:
    now = datetime(2026, 11, 18, 6, tzinfo=UTC)
    incident = Incident(
        key="k", check="reconciliation", source="shopify", scope="brightcart 2026-11-17", severity="critical",
        owner="@finance-data", sentence="Shopify orders: 25 are missing.", observed="1", expected="2",
        runbook="reconciliation", window_label=DAY.label, opened_at=now, last_seen_at=now, occurrences=1, state="open",
    )  # fmt: skip
    doors.ops_store().keep_incidents([incident])
    held = _published(NEXT)
    assert held.held
    assert held.because == ("Since 2026-11-17: Shopify orders: 25 are missing.",)
    doors.ops_store().keep_incidents([replace(incident, state="recovered", recovered_at=now)])
    assert not _published(NEXT).held


# Releases of which some marts are held


@pytest.fixture
def orders_are_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is judged is about the orders, which agg_channel_daily is not made of."""
    given = {"path": "", "description": "", "columns": {}, "children": (), "checks": ()}
    nodes = [
        Node("shopify.orders", "source", "raw", "shopify__orders", parents=(), source="shopify", **given),
        Node("meta_ads.ads", "source", "raw", "meta_ads__ads", parents=(), source="meta_ads", **given),
        Node("fct_orders", "model", "marts", "fct_orders", parents=("shopify.orders",), **given),
        Node("agg_channel_daily", "model", "marts", "agg_channel_daily", parents=("meta_ads.ads",), **given),
    ]
    project = Project({node.name: node for node in nodes})
    monkeypatch.setattr(gate, "reach", lambda marts: reach_in(project, marts))


@pytest.mark.usefixtures("orders_are_wrong")
@pytest.mark.parametrize("links", [True, False])
def test_a_held_mart_is_the_same_file_or_a_copy_of_it(
    warehouse: FakeWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    good = _published()
    warehouse.ledger.append(("lake/b", "e2"))
    if not links:
        monkeypatch.setattr(os, "link", _no_links)
    partly = _published(NEXT, _verdict("failed"))
    assert (partly.held, partly.kept, partly.marts) == (False, ("fct_orders",), 2)
    assert good.folder
    assert partly.folder
    files = [folder / "fct_orders.parquet" for folder in (good.folder, partly.folder)]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert (files[0].stat().st_ino == files[1].stat().st_ino) == links
    assert (partly.folder / "agg_channel_daily.parquet").read_text().endswith("of 2 objects")
    assert partly.told == "Published 1 of 2 marts, 1 held, because: Shopify orders: failed."
    (row,) = doors.ops_store().releases(NEXT)
    assert [(b.kind, b.name, b.from_release) for b in OpsHeldBack(doors.ops_store()).of(row.id)] == [
        ("mart", "fct_orders", good.id),
        ("source", "shopify", ""),
    ]


def _no_links(*_: object) -> None:
    raise OSError("this disk has no second names")


@pytest.mark.usefixtures("orders_are_wrong")
def test_a_mart_that_was_never_published_is_missing_and_named(warehouse: FakeWarehouse) -> None:
    first = _published(DAY, _verdict("failed"))
    assert first.folder
    assert sorted(path.stem for path in first.folder.glob("*.parquet")) == ["agg_channel_daily", "measurements"]
    (held,) = groups(release_notes())
    assert (held.marts, held.windows) == (("fct_orders",), ("never published",))


@pytest.mark.usefixtures("orders_are_wrong")
def test_dying_while_a_part_is_held_leaves_a_complete_release(warehouse: FakeWarehouse, tmp_path: Path) -> None:
    good = _published()
    warehouse.ledger.append(("lake/b", "e2"))
    warehouse.dies_at = "measurements"
    with pytest.raises(KeyboardInterrupt):
        _published(NEXT, _verdict("failed"))
    assert _current(tmp_path) == good.folder
    warehouse.dies_at = ""
    assert _published(NEXT, _verdict("failed")).kept == ("fct_orders",)
    assert _complete(_current(tmp_path))


def test_a_release_of_an_older_version_names_itself_for_every_mart(warehouse: FakeWarehouse) -> None:
    _published()
    notes = release_notes() or {}
    old = {name: value for name, value in notes.items() if name not in ("marts", "obstacles", "held_sources")}
    assert {mart: origins_of(old)[mart].window for mart in MARTS} == dict.fromkeys(MARTS, DAY.label)
    assert (counted(notes), lines(old), caution(old, MARTS)) == ("published all 2 marts", [], "")
