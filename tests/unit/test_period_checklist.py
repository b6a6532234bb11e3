"""A month is closed only where everything is there: each item of the checklist fails alone, and says how to mend it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from expectations.declare.errors import Misconfigured
from tasks.adapters.ops_plans import Plan
from tasks.adapters.ops_store import Incident
from tasks.periods import month as months
from tasks.periods.checklist import checklist, missing
from tasks.periods.month import in_words, month_window, over, signers
from tasks.periods.readings import Readings, Unpriced, concerns

OCTOBER = month_window("2026-10")
AT = datetime(2026, 11, 5, 6, tzinfo=UTC)
ACCOUNT = ("meta_ads", "act_1")
FINE = Readings(
    window=OCTOBER,
    release="2026-11-04-final-x",
    final_days=frozenset(OCTOBER.days()),
    held=None,
    caution="",
    currencies=(Unpriced("EUR", ()), Unpriced("USD", ())),
    accounts=(ACCOUNT,),
    invoiced=frozenset({ACCOUNT}),
    incidents=(),
    provisional=(),
    plans=(),
)
PLAN = Plan("p", month_window("2026-10"), "replay", ("meta_ads",), "why", "ada", False, "staged", AT, AT)


def _incident(severity: str = "critical", *, scope: str = "s", window: str = "2026-10-07") -> Incident:
    return Incident(
        "k", "reconciliation", "meta_ads", scope, severity, "@x", "Spend is short.", "", "", "reconciliation", window,
        AT, AT, 1, "open",
    )  # fmt: skip


def test_a_month_with_everything_can_be_closed() -> None:
    items = checklist(FINE)
    assert {item.state for item in items} == {"ok"}
    assert missing(items) == []


@pytest.mark.parametrize(
    ("name", "changed", "sentence", "do"),
    [
        (
            "final_releases",
            {"final_days": frozenset(OCTOBER.days()[1:])},
            "1 of 31 days have no final release: 2026-10-01.",
            "plumbline close $day",
        ),
        (
            "final_releases",
            {"caution": "Held: fct_leads is that of 2026-11-03, because: HubSpot is broken."},
            "A signature is about one release. Held: fct_leads is that of 2026-11-03, because: HubSpot is broken.",
            "plumbline status",
        ),
        ("final_releases", {"held": "Spend is short."}, "Readers keep an older release: Spend is short.", "status"),
        (
            "rates",
            {"currencies": (Unpriced("EUR", (date(2026, 10, 31),)), Unpriced("USD", ()))},
            "There is no rate for EUR on 2026-10-31.",
            "plumbline rates load FILE",
        ),
        ("rates", {"currencies": None}, "No release with spend, orders and refunds is published.", "plumbline build"),
        ("invoices", {"invoiced": frozenset()}, "No invoice for meta_ads act_1.", "plumbline invoices load FILE"),
        (
            "incidents",
            {"incidents": (_incident(),)},
            "1 critical incidents are open: Spend is short.",
            "reconciliation",
        ),
        ("ga4_final", {"provisional": (date(2026, 10, 31),)}, "Sessions are provisional on 2026-10-31.", "refresh"),
        ("ga4_final", {"provisional": None}, "No release with sessions is published.", "plumbline build"),
        ("backfills", {"plans": (PLAN,)}, "Nobody has decided about p (staged).", "plumbline backfill promote p"),
    ],
)
def test_each_item_fails_alone_and_says_what_to_do(name: str, changed: dict[str, Any], sentence: str, do: str) -> None:
    (item,) = missing(checklist(replace(FINE, **changed)))
    assert (item.name, item.sentence) == (name, sentence)
    assert do in item.do


def test_without_any_invoice_the_item_warns_unless_they_are_required() -> None:
    none_given = replace(FINE, invoiced=None)
    (item,) = [item for item in checklist(none_given) if item.state != "ok"]
    assert (item.state, item.sentence) == ("warned", "No invoices given: spend is that of the platforms' APIs.")
    assert [item.name for item in missing(checklist(none_given, require_invoices=True))] == ["invoices"]


def test_warnings_close_no_month() -> None:
    assert missing(checklist(replace(FINE, incidents=(_incident("warning"),)))) == []


@pytest.mark.parametrize(
    ("incident", "is_about"),
    [
        (_incident(window="2026-10-31"), True),
        (_incident(window="2026-09-20..2026-10-01"), True),
        (_incident(window="2026-11-01T0530"), False),
        (_incident(window="2026-11-03", scope="act_1 2026-10-30"), True),
        (_incident(window="2026-10-03", scope="act_1 2026-09-30"), False),
        (_incident(window="2026-11-03", scope="2026-10 late data"), True),
        (_incident(window="(none)"), False),
    ],
)
def test_an_incident_concerns_a_month_by_its_scope_or_its_window(incident: Incident, is_about: bool) -> None:
    assert concerns(incident, OCTOBER) is is_about


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("October", "'October' is not a month. Write it as 2026-10"),
        ("2026-13", "'2026-13' is not a month"),
        ("2026-11", "2026-11 is not over. It can be closed from 2026-12-01 06:00 UTC on"),
        ("2027-01", "2027-01 has not begun"),
    ],
)
def test_a_month_that_cannot_be_closed_is_refused_in_words(
    text: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(months, "now", lambda: AT)
    with pytest.raises(Misconfigured) as refused:
        over(text)
    assert said in str(refused.value)
    assert over("2026-10") == OCTOBER


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nobody signs"),
        ("Ann Lee", "'Ann Lee' does not say who signs, and for whom"),
        ("Ann Lee (finance)", "nobody signs for marketing"),
        ("Bo Chen (marketing), Cy (controlling)", "nobody signs for finance"),
    ],
)
def test_both_sides_sign_with_names(text: str, said: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        signers(text)
    assert said in str(refused.value)
    assert 'Write --by "Ann Lee (finance), Bo Chen (marketing)"' in str(refused.value)


def test_signatures_are_read_as_they_are_written() -> None:
    text = "Ann Lee (finance), Bo Chen (marketing), Cy (controlling)"
    assert in_words(signers(text)) == text
