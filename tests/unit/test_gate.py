"""People at the gate: a hold holds whatever passes, an override counts for what its author saw, and both are told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine

from deployments.status import _releases
from deployments.status_people import ways_out
from expectations.declare.errors import Misconfigured
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.dbt_manifest import Node, Project
from tasks.adapters.ops_control import OpsControl
from tasks.operate.hold import Choice, hold_releases, let_pass
from tasks.publish import gate, provenance, publish
from tasks.publish.alert import announce
from tasks.publish.origins import held_marts
from tasks.publish.publish import held_notes, release_notes
from tasks.publish.reach import reach_in
from tasks.publish.site_index import decisions, marks
from tasks.settings import settings
from tasks.window import Window

DAY, NEXT = Window.parse("2026-11-17"), Window.parse("2026-11-18")
NIGHT = datetime(2026, 11, 18, 3, 0, tzinfo=UTC)


class FakeWarehouse:
    """One mart, and a ledger of one object."""

    def query(self, sql: str, params: object = ()) -> list[tuple[Any, ...]]:
        return [("lake/a", "e")] if "object_key, etag" in sql else []

    def relations(self, schema: str) -> list[str]:
        return ["fct_orders"] if schema == "marts" else []

    def export(self, relation: str, path: Path) -> int:
        path.write_text(relation)
        return 1


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("PLUMBLINE_HOME", str(tmp_path))
    settings.cache_clear()
    monkeypatch.setattr(doors, "warehouse", lambda: nullcontext(FakeWarehouse()))
    monkeypatch.setattr(provenance, "commit", lambda: "c0ffee")
    with time_machine.travel(NIGHT, tick=True):
        yield tmp_path
    doors.ops_store().close()
    settings.cache_clear()


def _finding(observed: str = "$300", *, window: Window = DAY, scope: str = "orders", state: Any = "failed") -> Verdict:
    return Verdict(
        check="reconciliation", source="shopify", model="orders", scope=scope, state=state, severity="critical",
        owner="@finance", sentence=f"Shopify and we differ in {scope} of {window.label}.", observed=observed,
        expected="$0", runbook="reconciliation", window=window,
    )  # fmt: skip


def _publish(*verdicts: Verdict, window: Window = DAY) -> publish.Release:
    release = publish.publish.fn(window, "final", verdicts)
    announce.fn(verdicts, window)
    return release


def test_a_hold_keeps_the_last_good_release_whatever_passes_until_it_is_lifted() -> None:
    first = _publish()
    hold_releases.fn(None, reason="finance looks at refunds", by="ada")
    held = _publish(_finding(state="passed"), window=NEXT)
    assert (held.held, release_notes() or {})[0]
    assert held.because == ("Held by ada since 2026-11-18 03:00 UTC: finance looks at refunds",)
    assert (release_notes() or {})["id"] == first.id
    assert [d.word for d in decisions(release_notes())] == ["held"]
    passed = let_pass.fn(Choice(), reason="they are right", by="bob")
    assert passed.lifted == held.because
    assert not _publish(_finding(state="passed"), window=NEXT).held


def test_a_hold_for_a_window_holds_every_release_that_has_its_rows() -> None:
    hold_releases.fn(NEXT, reason="r", by="ada")  # that day has begun
    assert _publish(window=DAY).held
    assert _publish(window=NEXT).held
    let_pass.fn(Choice(window=NEXT), reason="r", by="ada")
    hold_releases.fn(Window.parse("2026-11-27"), reason="black friday", by="ada")
    assert not _publish(window=NEXT).held
    assert _publish(window=Window.parse("2026-11-27..2026-11-28")).held


def test_a_finding_that_a_person_let_pass_publishes_and_the_release_says_so() -> None:
    assert _publish(_finding()).held
    let_pass.fn(Choice(window=DAY), reason="known: a late refund", by="ada")
    assert not _publish(_finding()).held
    (told,) = (release_notes() or {})["overrides"]
    assert (told["by"], told["reason"], told["observed"]) == ("ada", "known: a late refund", "$300")
    (decision,) = decisions(release_notes())
    assert decision.sentence == (
        "Shopify and we differ in orders of 2026-11-17. ada let it pass on 2026-11-18 03:00 UTC: known: a late refund"
    )
    assert [v["state"] for v in (release_notes() or {})["verdicts"]["marked"]] == ["failed"]


@pytest.mark.parametrize(
    "other", [_finding("$3000"), _finding(scope="refunds"), replace(_finding(), source="meta_ads")]
)
def test_an_override_counts_for_exactly_what_its_author_saw(other: Verdict) -> None:
    _publish(_finding())
    let_pass.fn(Choice(check="reconciliation", source="shopify", scope="orders"), reason="r", by="ada")
    assert _publish(_finding(), other).because == (other.sentence,)


def test_an_override_also_counts_for_the_days_after_and_ends_with_its_incident() -> None:
    _publish(_finding())
    assert _publish(window=NEXT).because == ("Since 2026-11-17: Shopify and we differ in orders of 2026-11-17.",)
    let_pass.fn(Choice(window=NEXT), reason="r", by="ada")
    assert not _publish(window=NEXT).held
    with time_machine.travel(NIGHT.replace(hour=5), tick=True):
        assert not _publish(_finding(state="passed")).held
        assert [i.state for i in doors.ops_store().incidents()] == ["recovered"]
        assert _publish(_finding()).held  # it came again: a new decision


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        (
            Choice(),
            r"2026-11-17 is held by 1 findings, and none of them was chosen \(--check reconciliation --source sh",
        ),
        (Choice(check="late"), r"--scope 'orders'\). Name one of these, or all of them with --window 2026-11-17"),
        (Choice(window=NEXT), "no finding and no hold keeps 2026-11-18 from its readers"),
    ],
)
def test_nothing_is_let_pass_that_was_not_named(choice: Choice, said: str) -> None:
    _publish(_finding())
    with pytest.raises(Misconfigured, match=said):
        let_pass.fn(choice, reason="r", by="ada")
    assert _publish(_finding()).held
    assert held_notes() is not None


@pytest.mark.parametrize("decide", [lambda **s: hold_releases.fn(None, **s), lambda **s: let_pass.fn(Choice(DAY), **s)])
@pytest.mark.parametrize("signed", [{"reason": "  ", "by": "ada"}, {"reason": "r", "by": ""}])
def test_what_has_no_name_or_no_reason_is_refused(decide: Callable[..., object], signed: dict[str, str]) -> None:
    _publish(_finding())
    with pytest.raises(Misconfigured, match=r"the (reason|name) is empty. Say why, and who you are"):
        decide(**signed)
    control = OpsControl(doors.ops_store())
    assert (control.holds(), control.overrides()) == ([], [])


# Marts with gates of their own


@pytest.fixture
def two_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leads are made of HubSpot, orders of Shopify."""
    nodes = [_node("hubspot.contacts", source="hubspot"), _node("shopify.orders", source="shopify")]
    nodes += [_node("fct_leads", "hubspot.contacts"), _node("fct_orders", "shopify.orders")]
    project = Project({node.name: node for node in nodes})
    monkeypatch.setattr(gate, "reach", lambda marts: reach_in(project, marts))
    monkeypatch.setattr(FakeWarehouse, "relations", lambda _, schema: ["fct_leads", "fct_orders"])


def _node(name: str, *parents: str, source: str = "") -> Node:
    kind, schema = ("source", "raw") if source else ("model", "marts")
    return Node(name, kind, schema, name.replace(".", "__"), "", "", {}, parents, (), (), source)


def _held() -> dict[str, str]:
    """The held marts of the release that readers see, with the window that each is of."""
    return {mart: origin.window for mart, origin in held_marts(release_notes()).items()}


@pytest.mark.usefixtures("two_marts")
def test_a_person_holds_what_is_made_of_one_source_and_the_rest_is_published() -> None:
    _publish()
    hold_releases.fn(None, reason="ask the shop", by="ada", about="shopify")
    held = _publish(window=NEXT)
    assert (held.held, held.kept) == (False, ("fct_orders",))
    assert held.because == ("shopify is held by ada since 2026-11-18 03:00 UTC: ask the shop",)
    assert _held() == {"fct_orders": DAY.label}
    let_pass.fn(Choice(source="shopify"), reason="they are right", by="bob")
    assert _publish(window=NEXT).kept == ()


def test_a_hold_about_nothing_that_exists_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"'fct_order' is not a mart. Did you mean fct_orders"):
        hold_releases.fn(None, reason="r", by="ada", about="fct_order")


@pytest.mark.usefixtures("two_marts")
def test_what_holds_a_mart_is_let_pass_by_the_name_of_the_mart() -> None:
    _publish()
    leads = replace(_finding(), source="hubspot", model="contacts")
    partly = _publish(leads, _finding(state="passed"), window=NEXT)
    assert (partly.held, partly.kept, partly.because) == (False, ("fct_leads",), (leads.sentence,))
    with pytest.raises(Misconfigured, match="is held by 1 findings, and none of them was chosen"):
        let_pass.fn(Choice(mart="fct_orders"), reason="r", by="ada")
    let_pass.fn(Choice(mart="fct_leads"), reason="known", by="ada")
    assert _publish(leads, _finding(state="passed"), window=NEXT).kept == ()
    assert [o["by"] for o in (release_notes() or {})["overrides"]] == ["ada"]


@pytest.mark.usefixtures("two_marts")
def test_a_mart_is_held_since_its_first_attempt_also_over_a_day_that_was_held_altogether() -> None:
    _publish()
    leads = replace(_finding(), source="hubspot", model="contacts")
    _publish(leads)
    with time_machine.travel(NIGHT.replace(hour=4), tick=True):
        assert _publish(leads, _finding()).held
    with time_machine.travel(NIGHT.replace(hour=5), tick=True):
        assert _publish(leads, _finding(state="passed")).kept == ("fct_leads",)
        (origin,) = held_marts(release_notes()).values()
        assert origin.held_since == "2026-11-18T03:00:00+00:00"


@pytest.mark.usefixtures("two_marts")
def test_a_warning_marks_the_figures_that_are_made_of_what_it_is_about() -> None:
    warned = replace(_finding(), source="hubspot", model="contacts", state="warned", severity="warning")
    assert _publish(warned, window=NEXT).kept == ()
    (mark,) = (release_notes() or {})["verdicts"]["marked"]
    assert (mark["state"], mark["marts"]) == ("warned", ["fct_leads"])
    assert (marks(release_notes(), "fct_leads"), marks(release_notes(), "fct_orders")) == ([mark], [])


@pytest.mark.usefixtures("two_marts")
def test_status_says_which_marts_are_held_and_the_way_out() -> None:
    _publish()
    _publish(replace(_finding(), source="hubspot", model="contacts"), window=NEXT)
    said = "\n".join((*_releases(), *ways_out()))
    assert "published 1 of 2 marts, 1 held" in said
    assert (
        "Held in it: 1 mart of 2026-11-17 since 2026-11-18 03:00 UTC (fct_leads), because:"
        " Shopify and we differ in orders of 2026-11-17." in said
    )
    assert "plumbline release --window 2026-11-18 --reason" in said
