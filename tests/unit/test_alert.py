"""Incidents open once, change, recover; their messages wait for Slack and are never said twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from expectations.declare.errors import Unavailable
from expectations.judge.verdict import State, Verdict
from tasks import doors
from tasks.adapters.ops_store import Incident, OpsStore
from tasks.adapters.slack import MessageGone
from tasks.publish import alert
from tasks.publish.deliver import Delivered, deliver
from tasks.publish.links import Links, links_of, page_of
from tasks.publish.message import about_many, about_one, duration, mail_body, slack_body
from tasks.publish.replies import Change, reply
from tasks.settings import settings
from tasks.window import Window

BAD = Window.parse("2026-11-17")
NEXT = Window.parse("2026-11-18")
GOLDEN = Path(__file__).parents[1] / "golden" / "slack"
SITE = "http://127.0.0.1:21050"


class FakeSlack:
    """Remembers what it was told; `down` makes it fail, `gone` deletes its messages."""

    def __init__(self) -> None:
        self.said: list[tuple[str, str, str]] = []
        self.marks: dict[str, str] = {}
        self.down = self.gone = False

    def post(self, channel: str, text: str, blocks: Any, *, thread_ts: str | None, mark: str) -> str:
        ts = f"{len(self.said) + 1}.0"
        self._say("reply" if thread_ts else "post", ts, text)
        self.marks[mark] = ts
        return ts

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> None:
        if self.gone:
            raise MessageGone("message_not_found")
        self._say("update", ts, text)

    def find(self, channel: str, mark: str, *, since: datetime, thread_ts: str | None) -> str | None:
        return self.marks.get(mark)

    def _say(self, how: str, ts: str, text: str) -> None:
        if self.down:
            raise Unavailable("Slack did not answer", where="slack", do="Wait.")
        self.said.append((how, ts, text))

    @property
    def calls(self) -> list[str]:
        return [how for how, _, _ in self.said]


@pytest.fixture
def slack(home: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSlack:
    monkeypatch.setenv("PLUMBLINE_SLACK_TOKEN", "xoxb-test")
    monkeypatch.setenv("PLUMBLINE_SITE_URL", SITE)
    fake = FakeSlack()
    monkeypatch.setattr(doors, "slack", lambda: fake)
    return fake


@pytest.fixture
def ops(slack: FakeSlack) -> OpsStore:
    return doors.ops_store()


def _verdict(
    state: State = "failed", *, check: str = "reconciliation", scope: str = "act_12 2026-11-17", window: Window = BAD
) -> Verdict:
    return Verdict(
        check=check,
        source="meta_ads",
        model="ads_insights",
        scope=scope if state != "passed" else "ads_insights",
        state=state,
        severity="critical",
        owner="@growth-data",
        sentence="Meta Ads: the rows add up to 300.00, but Meta Ads itself states 100.00.",
        observed="300.00",
        expected="100.00",
        runbook=check,
        window=window,
    )


def _announce(*verdicts: Verdict, window: Window = BAD) -> alert.Announced:
    return alert.announce.fn(verdicts, window)


def test_a_failing_check_opens_one_incident_with_one_message(ops: OpsStore) -> None:
    _announce(_verdict())
    [incident] = ops.open_incidents()
    assert (incident.key, incident.occurrences) == ("reconciliation|meta_ads|act_12 2026-11-17", 1)
    assert [m.kind for m in ops.pending_messages()] == ["open"]


def test_the_same_verdicts_twice_are_one_message(ops: OpsStore) -> None:
    _announce(_verdict())
    again = _announce(_verdict())
    assert again == alert.Announced((), (), ())
    assert len(ops.pending_messages()) == 1


def test_passed_learning_and_informative_verdicts_alarm_nobody(ops: OpsStore) -> None:
    _announce(_verdict("passed"), _verdict("learning"), replace(_verdict("warned"), severity="info"))
    assert ops.incidents() == []


def test_another_figure_updates_the_incident(ops: OpsStore) -> None:
    _announce(_verdict())
    _announce(replace(_verdict(), observed="400.00"))
    [incident] = ops.open_incidents()
    assert (incident.occurrences, incident.observed) == (2, "400.00")
    assert [m.kind for m in ops.pending_messages()] == ["open", "update"]


def test_an_incident_of_a_day_recovers_when_that_day_is_judged_again(ops: OpsStore) -> None:
    _announce(_verdict())
    _announce(_verdict("passed"))
    [incident] = ops.incidents()
    assert incident.state == "recovered"
    assert incident.recovered_at is not None
    assert [m.kind for m in ops.pending_messages()] == ["open", "recovered"]


def test_a_good_next_day_does_not_repair_the_bad_one(ops: OpsStore) -> None:
    _announce(_verdict())
    _announce(_verdict("passed", window=NEXT), window=NEXT)
    assert len(ops.open_incidents()) == 1


def test_a_state_of_the_source_recovers_with_a_later_window(ops: OpsStore) -> None:
    _announce(_verdict(check="schema_drift", scope="ads_insights.spend"))
    _announce(_verdict("passed", check="schema_drift", window=NEXT), window=NEXT)
    assert ops.open_incidents() == []


def test_a_check_that_could_not_be_evaluated_repairs_nothing(ops: OpsStore) -> None:
    _announce(_verdict())
    _announce(_verdict("errored", scope="ads_insights"))
    assert {i.scope for i in ops.open_incidents()} == {"act_12 2026-11-17", "ads_insights"}


def test_a_check_that_broke_is_told_as_such_and_as_itself_once_it_is_evaluated(ops: OpsStore) -> None:
    broken = replace(_verdict("errored"), runbook="errored")
    _announce(broken)
    (incident,) = ops.open_incidents()
    said = about_one(incident, links_of(incident))
    assert said.title == "Could not be checked: Total not reached"
    assert dict(said.facts)["Likely cause"].startswith("The check itself")
    assert links_of(incident).runbook == f"{SITE}/runbooks/errored.html"
    _announce(_verdict())
    (incident,) = ops.open_incidents()
    assert (about_one(incident, links_of(incident)).title, incident.runbook) == (
        "Total not reached",
        _verdict().runbook,
    )
    _announce(_verdict("passed"))
    assert ops.open_incidents() == []


def test_a_delivery_without_rows_repairs_nothing(ops: OpsStore) -> None:
    _announce(_verdict())
    _announce(_verdict("passed"), _verdict(check="completeness", scope="ads_insights 2026-11-17"))
    assert "reconciliation" in {i.check for i in ops.open_incidents()}


def test_another_check_does_not_repair_it(ops: OpsStore) -> None:
    _announce(_verdict())
    _announce(_verdict("passed", check="schema_drift"))
    assert len(ops.open_incidents()) == 1


def test_an_incident_that_comes_back_is_a_new_one(ops: OpsStore, slack: FakeSlack) -> None:
    for state in ("failed", "passed", "failed"):
        _announce(_verdict(state))  # type: ignore[arg-type]
        deliver.fn()
    assert [i.state for i in ops.incidents()] == ["recovered", "open"]
    assert slack.calls == ["post", "update", "reply", "post"]


def test_delivery_posts_once_and_updates_the_same_message(ops: OpsStore, slack: FakeSlack) -> None:
    _announce(_verdict())
    assert deliver.fn() == Delivered(sent=1, waiting=0)
    _announce(_verdict("passed"))
    deliver.fn()
    assert deliver.fn() == Delivered(sent=0, waiting=0)
    assert [(how, ts) for how, ts, _ in slack.said] == [("post", "1.0"), ("update", "1.0"), ("reply", "3.0")]
    assert slack.said[1][2].startswith("Recovered after 1 min")


def test_an_outage_loses_nothing_and_says_nothing_twice(ops: OpsStore, slack: FakeSlack) -> None:
    slack.down = True
    _announce(_verdict())
    assert deliver.fn() == Delivered(sent=0, waiting=1)
    assert ops.pending_messages()[0].attempts == 1
    _announce(_verdict("passed"))
    slack.down = False
    assert deliver.fn() == Delivered(sent=2, waiting=0)
    assert slack.calls == ["post", "update", "reply"]
    assert slack.said[0][2].startswith("Recovered after"), "the first message says what is newest"


def test_a_message_that_somebody_deleted_is_said_anew(ops: OpsStore, slack: FakeSlack) -> None:
    _announce(_verdict())
    deliver.fn()
    slack.gone = True
    _announce(_verdict("passed"))
    deliver.fn()
    assert slack.calls == ["post", "post"]


def test_without_a_token_messages_wait(ops: OpsStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLUMBLINE_SLACK_TOKEN")
    settings.cache_clear()
    _announce(_verdict())
    assert deliver.fn() == Delivered(sent=0, waiting=1)


def test_the_message_links_its_page_the_history_with_its_picture_and_its_runbook(ops: OpsStore) -> None:
    _announce(_verdict())
    told = json.dumps(ops.pending_messages()[0].body)
    assert f"<{SITE}/data-docs/2026-11-17/meta_ads.ads_insights.html|" in told
    assert f"<{SITE}/data-docs/history/meta_ads.ads_insights.html|" in told
    assert f"<{SITE}/runbooks/reconciliation.html|" in told


def test_a_check_without_a_suite_links_the_index(slack: FakeSlack) -> None:
    assert page_of(replace(INCIDENT, check="late", model="meta_ads")) == f"{SITE}/data-docs/index.html#2026-11-17"
    assert page_of(replace(INCIDENT, source="marts", model="marts")).endswith("/2026-11-17/marts.html")


OPENED = datetime(2026, 11, 18, 5, 52, tzinfo=UTC)
INCIDENT = Incident(
    key="reconciliation|meta_ads|act_12 2026-11-17",
    check="reconciliation",
    source="meta_ads",
    scope="act_12 2026-11-17",
    severity="critical",
    owner="@growth-data",
    sentence="Meta Ads: for account act_12 on Tuesday 17 November the rows of ads_insights add up to 54,012.30, but "
    "Meta Ads itself states 18,004.10: 36,008.20 more (allowed: 36.01). One is exactly 3 times the other. "
    "Amounts are in the account's currency.",
    observed="54,012.30 (account currency)",
    expected="18,004.10, at most 36.01 apart (account currency)",
    runbook="reconciliation",
    window_label="2026-11-17",
    opened_at=OPENED,
    last_seen_at=OPENED,
    occurrences=1,
    state="open",
)
HOSTILE = replace(
    INCIDENT, scope="<!channel> <img src=x onerror=alert(1)> & 💥", sentence="<!channel> *bold* & 💥", occurrences=3
)
RECOVERED = replace(INCIDENT, state="recovered", recovered_at=OPENED + timedelta(hours=2, minutes=5))
LINKS = Links(
    f"{SITE}/data-docs/2026-11-17/meta_ads.ads_insights.html",
    f"{SITE}/runbooks/reconciliation.html",
    f"{SITE}/data-docs/history/meta_ads.ads_insights.html",
    held=("agg_ads_daily", "agg_channel_daily", "fct_ad_performance", "fct_day_shift"),
    marts=48,
)
CARED = replace(
    INCIDENT,
    acknowledged_at=OPENED,
    acknowledged_by="ada",
    acknowledged_note="asking Meta <https://x.example|about it>",
    snoozed_until=OPENED + timedelta(hours=4),
    snoozed_by="bob",
    snoozed_because="Meta answers at noon",
)
MANY = [
    replace(INCIDENT, key=f"k{n}", id="", scope=f"act_{n} 2026-11-17", severity="critical" if n < 2 else "warning")
    for n in range(500)
]


OTHER = replace(RECOVERED, id="b", check="duplicate_load", runbook="duplicate_load")


def _near(incident: Incident) -> Links:
    return replace(LINKS, runbook=f"{SITE}/runbooks/{incident.runbook}.html")


def _far(incident: Incident) -> Links:
    return replace(LINKS, page=f"{SITE}/{incident.id}.html")


def _reply(kind: Any, *incidents: Incident, who: str = "", note: str = "") -> dict[str, Any]:
    at = OPENED + timedelta(hours=4)
    return slack_body(reply([Change(i, kind, at, who, note) for i in incidents], escalate_to="U012ABCDEF"))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("open", slack_body(about_one(INCIDENT, LINKS))),
        ("hostile", slack_body(about_one(HOSTILE, LINKS))),
        ("recovered", slack_body(about_one(RECOVERED, LINKS))),
        ("cared_for", slack_body(about_one(CARED, LINKS))),
        ("many", slack_body(about_many(MANY, _far, index=f"{SITE}/index.html"))),
        ("many_recovered", slack_body(about_many([RECOVERED, OTHER], _near, index=f"{SITE}/index.html"))),
        ("reply_seen", _reply("seen", HOSTILE)),
        ("reply_recovered", _reply("recovered", RECOVERED)),
        ("reply_acknowledged", _reply("acknowledged", CARED, who="ada", note="asking Meta <!here>")),
        ("reply_snoozed", _reply("snoozed", CARED, who="bob", note="Meta answers at noon")),
        ("reply_escalated", _reply("escalated", INCIDENT)),
        ("reply_many", _reply("seen", *MANY[:30])),
        ("mail_open", mail_body(about_one(INCIDENT, LINKS))),
        ("mail_hostile", mail_body(about_one(HOSTILE, LINKS))),
        ("mail_many", mail_body(about_many(MANY, _far, index=f"{SITE}/index.html"))),
    ],
)
def test_message_bodies_are_golden(name: str, body: dict[str, Any], request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"{name}.json"
    text = json.dumps(body, indent=1, ensure_ascii=False) + "\n"
    if request.config.getoption("--update-golden", default=False):
        path.write_text(text)
    assert path.read_text() == text


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=5), "1 min"),
        (timedelta(minutes=59), "59 min"),
        (timedelta(minutes=125), "2 h 5 min"),
        (timedelta(hours=28), "1 d 4 h"),
    ],
)
def test_durations_are_said_in_words(span: timedelta, words: str) -> None:
    assert duration(span) == words
