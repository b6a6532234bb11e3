"""The ops store keeps what it is told, once, and gives instants back in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from expectations.declare.errors import Unavailable
from expectations.judge.verdict import Verdict
from tasks.adapters.ops_store import Incident, OpsStore, OutboxMessage, Outcome, ReleaseRow, SyncRow
from tasks.window import Window

WINDOW = Window.parse("2026-11-17")
AT = datetime(2026, 11, 18, 5, 40, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[OpsStore]:
    opened = OpsStore(f"sqlite:///{tmp_path / 'ops.sqlite'}")
    yield opened
    opened.close()


def _sync(job: int, status: str = "succeeded", **changes: object) -> SyncRow:
    row = SyncRow("meta_ads", WINDOW, job, "connection", status, AT + timedelta(minutes=job))
    return replace(row, **changes)  # type: ignore[arg-type] - a test helper


def _verdict(check: str, state: str = "failed") -> Verdict:
    return Verdict(
        check=check, source="meta_ads", model="ads_insights", scope="act_1 2026-11-17", state=state,
        severity="critical", owner="@growth-data", sentence="Meta spend is three times the usual.",
        observed="$300", expected="$90 to $110", runbook=check, window=WINDOW,
    )  # type: ignore[arg-type]  # fmt: skip


def test_the_newest_sync_of_a_window_is_the_one_started_last(store: OpsStore) -> None:
    for job in (1, 3, 2):
        store.save_sync(_sync(job))
    newest = store.newest_sync("meta_ads", WINDOW)
    assert newest is not None
    assert newest.job_id == 3
    assert store.newest_sync("meta_ads", Window.parse("2026-11-16")) is None
    assert store.newest_sync("shopify", WINDOW) is None


def test_a_sync_written_twice_is_one_row_with_the_newest_state(store: OpsStore) -> None:
    store.save_sync(_sync(7, "running"))
    store.save_sync(_sync(7, "succeeded", rows_reported=12))
    assert [(s.job_id, s.rows_reported) for s in store.syncs_covering(date(2026, 11, 17))] == [(7, 12)]


def test_a_sync_covers_only_days_that_lie_wholly_in_its_window(store: OpsStore) -> None:
    store.save_sync(_sync(1, window=Window.parse("2026-11-16..2026-11-17")))
    store.save_sync(_sync(2, window=Window.scheduled(AT)))
    store.save_sync(_sync(3, status="failed"))
    assert [s.job_id for s in store.syncs_covering(date(2026, 11, 17))] == [1, 2]
    assert store.syncs_covering(date(2026, 11, 18)) == []


def test_instants_come_back_in_utc_whatever_zone_they_had(store: OpsStore) -> None:
    tokyo = AT.astimezone(timezone(timedelta(hours=9)))
    store.save_sync(_sync(1, started_at=tokyo))
    found = store.newest_sync("meta_ads", WINDOW)
    assert found is not None
    assert found.started_at == AT
    assert found.started_at.tzinfo is UTC


def test_judging_again_replaces_what_was_said(store: OpsStore) -> None:
    store.record_verdicts([_verdict("duplicate_load"), _verdict("spend_anomaly")])
    store.record_verdicts([_verdict("duplicate_load", "passed")])
    assert [(v.check, v.state) for v in store.verdicts(WINDOW)] == [("duplicate_load", "passed")]
    assert store.verdicts(WINDOW, "shopify") == []


def test_a_message_enters_the_outbox_once(store: OpsStore) -> None:
    message = OutboxMessage("m1", "k", "open", {"text": "hello"}, AT)
    store.keep_incidents([], messages=[message])
    store.keep_incidents([], messages=[message])
    store.mark_undelivered("m1", "no answer")
    assert [(m.id, m.attempts, m.last_error) for m in store.pending_messages()] == [("m1", 1, "no answer")]
    store.mark_sent("m1", "1700000000.1")
    store.keep_incidents([], messages=[message])
    assert store.pending_messages() == []


def test_an_incident_that_recovers_is_no_longer_open(store: OpsStore) -> None:
    incident = Incident(
        key="k", check="duplicate_load", source="meta_ads", scope="", severity="critical", owner="@growth-data",
        sentence="s", observed="2", expected="1", runbook="duplicate_load", window_label=WINDOW.label,
        opened_at=AT, last_seen_at=AT, occurrences=1, state="open",
    )  # fmt: skip
    store.keep_incidents([incident])
    assert store.open_incidents() == [incident]
    store.keep_incidents([replace(incident, state="recovered", recovered_at=AT + timedelta(hours=1))])
    assert store.open_incidents() == []
    assert [i.state for i in store.incidents("meta_ads")] == ["recovered"]


def test_an_incident_keeps_the_thread_that_was_begun_while_it_was_judged_again(store: OpsStore) -> None:
    read = Incident(
        key="k", check="duplicate_load", source="meta_ads", scope="", severity="critical", owner="@growth-data",
        sentence="s", observed="2", expected="1", runbook="duplicate_load", window_label=WINDOW.label,
        opened_at=AT, last_seen_at=AT, occurrences=1, state="open", thread="t",
    )  # fmt: skip
    store.keep_incidents([read])
    store.remember_thread("t", "C1", "1700000000.1")
    store.keep_incidents([replace(read, occurrences=2)])
    assert [(i.occurrences, i.slack_channel, i.slack_ts) for i in store.incidents()] == [(2, "C1", "1700000000.1")]


def test_releases_and_outcomes_are_kept_in_order(store: OpsStore) -> None:
    store.record_release(ReleaseRow("a", WINDOW, "final", True, AT, {"because": ["x"]}))
    store.record_release(ReleaseRow("b", WINDOW, "final", False, AT + timedelta(hours=1), {}))
    store.record_outcome(Outcome("run", "seal", "meta_ads", "ads_insights", WINDOW, "done", 12, rows_in=5, rows_out=5))
    assert [(r.id, r.held) for r in store.releases(WINDOW)] == [("a", True), ("b", False)]
    assert [(o["step"], o["rows_out"]) for o in store.outcomes(run="run")] == [("seal", 5)]


def test_a_store_that_does_not_open_says_so() -> None:
    with pytest.raises(Unavailable, match="PLUMBLINE_OPS_URL"):
        OpsStore("sqlite:////proc/nowhere/ops.sqlite")
