"""A local Slack for the tests of incidents: one server for a module, and a channel of its own for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deployments.local.slack import application
from deployments.local.slack_channel import Channel, Message
from expectations.judge.verdict import Severity, State, Verdict
from tasks import doors
from tasks.adapters.ops_store import OpsStore
from tasks.publish.alert import announce
from tasks.settings import settings
from tasks.window import Window
from tests.conftest import served

TOKEN = "xoxb-local-test"
DAY = Window.parse("2026-11-17")


@dataclass(frozen=True)
class Workspace:
    """What the channel of a test shows now."""

    messages: tuple[Message, ...]

    @property
    def roots(self) -> list[Message]:
        return [message for message in self.messages if not message.thread_ts]

    @property
    def replies(self) -> list[str]:
        return [message.text for message in self.messages if message.thread_ts]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    home = tmp_path_factory.mktemp("slack")
    with served(application(home, TOKEN)) as url:
        yield url, home


@pytest.fixture
def workspace(
    place: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], Workspace]]:
    (url, home), channel = place, tmp_path.name
    given = {"HOME": str(tmp_path), "SLACK_URL": f"{url}/api/", "SLACK_TOKEN": TOKEN, "SITE_URL": "http://site"}
    given |= {"SLACK_CHANNEL": f"#{channel}", "ALERT_ESCALATE_TO": "U012ABCDEF"}
    for name, value in given.items():
        monkeypatch.setenv(f"PLUMBLINE_{name}", value)
    settings.cache_clear()

    def seen() -> Workspace:
        said = Channel(home / "slack" / "messages.json", lambda: datetime.now(UTC).timestamp()).messages()
        return Workspace(tuple(message for message in said if message.channel == channel))

    yield seen
    doors.ops_store().close()
    settings.cache_clear()


@pytest.fixture
def ops(workspace: Callable[[], Workspace]) -> OpsStore:
    return doors.ops_store()


def bad(
    scope: str = "act_12 2026-11-17", *, check: str = "reconciliation", state: State = "failed", seen: str = "300.00"
) -> Verdict:
    """A finding of Meta Ads: critical where it failed, a warning where it warned."""
    severity: Severity = "critical" if state == "failed" else "warning"
    return Verdict(
        check=check, source="meta_ads", model="ads_insights", scope=scope, state=state, severity=severity,
        owner="@growth", sentence=f"{check} of {scope}: {seen}.", observed=seen, expected="100.00", runbook=check,
        window=DAY,
    )  # fmt: skip


def announced(*verdicts: Verdict) -> None:
    """What a run says about its window."""
    announce.fn(verdicts, DAY)
