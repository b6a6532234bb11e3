"""Bad input and outages against the real parts of a stack: who is told what, and that nothing is left half done."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from deployments.local import processes, stack, stack_file
from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters import airbyte as airbyte_adapter
from tasks.adapters.ops_store import OutboxMessage, now
from tasks.ingest.land import land
from tasks.ingest.seal import seal
from tasks.ingest.sync import SyncRun, sync
from tasks.publish.deliver import deliver
from tasks.settings import settings
from tasks.window import Window

DAY = Window.parse("2026-11-17")
SOURCE = declared("hubspot")
PARTS = ("s3", "airbyte", "slack")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, free_base: Callable[[], int]) -> Iterator[Path]:
    home = tmp_path_factory.mktemp("bad") / "home"
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("PLUMBLINE_", "PREFECT_"))]:
            patch.delenv(name)
        patch.setenv("PLUMBLINE_HOME", str(home))
        with pytest.MonkeyPatch.context() as based:
            based.setenv("PLUMBLINE_PORT_BASE", str(free_base()))
            try:
                stack.up(lambda _line: None, only=PARTS)
                httpx.put(f"{stack.simulation_url()}/_simulation/clock", json={"now": "2026-11-18T05:40:00Z"})
                yield home
            finally:
                stack.down()
                doors.ops_store().close()
                settings.cache_clear()


@pytest.fixture
def patient(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Settings may be changed; the client of Airbyte gives up sooner than it would at night."""
    config = airbyte_adapter.AirbyteConfig
    monkeypatch.setattr(airbyte_adapter, "AirbyteConfig", partial(config, retry_seconds=0.3, adopt_seconds=0.3))
    settings.cache_clear()
    yield monkeypatch
    settings.cache_clear()


def _with(patch: pytest.MonkeyPatch, name: str, value: str) -> None:
    patch.setenv(name, value)
    settings.cache_clear()


def _switch(*faults: dict[str, Any]) -> None:
    httpx.put(f"{stack.simulation_url()}/_simulation/faults", json=list(faults)).raise_for_status()


def _kill(home: Path, name: str) -> None:
    processes.stop(stack_file.read(home).parts[name])


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PLUMBLINE_AIRBYTE_CLIENT_SECRET", "PLUMBLINE_AIRBYTE_CLIENT_ID and PLUMBLINE_AIRBYTE_CLIENT_SECRET"),
        ("PLUMBLINE_AIRBYTE_URL", "the setting PLUMBLINE_AIRBYTE_URL is no web address"),
    ],
)
def test_wrong_airbyte_settings_are_named(patient: pytest.MonkeyPatch, name: str, said: str) -> None:
    _with(patient, name, "wr0ng")
    with pytest.raises(Misconfigured, match=said) as caught:
        sync.fn(SOURCE, DAY)
    assert "wr0ng" not in str(caught.value)


def test_a_job_that_moved_nothing_is_no_success_and_the_next_try_is_a_new_job(patient: pytest.MonkeyPatch) -> None:
    _switch({"name": "false_success", "source": "hubspot", "parameters": {"times": 1}})
    with pytest.raises(Unavailable, match=r"calls job (\d+) succeeded, but it moved no rows \(source hubspot"):
        sync.fn(SOURCE, DAY)
    first = doors.ops_store().newest_sync("hubspot", DAY)
    assert first is not None
    assert doors.object_store().list(f"landing/hubspot/contacts/{first.job_id}_") == []
    assert doors.object_store().list("lake/") == []
    run = sync.fn(SOURCE, DAY)
    assert run.job_id > first.job_id
    assert run.rows_reported


@pytest.mark.parametrize("name", ["PLUMBLINE_S3_SECRET_ACCESS_KEY", "PLUMBLINE_S3_ACCESS_KEY_ID"])
def test_wrong_s3_credentials_are_named_and_nothing_is_sealed(patient: pytest.MonkeyPatch, name: str) -> None:
    run = sync.fn(SOURCE, DAY)
    _with(patient, name, "wr0ng")
    with pytest.raises(Misconfigured, match="PLUMBLINE_S3_ACCESS_KEY_ID and PLUMBLINE_S3_SECRET_ACCESS_KEY") as caught:
        land.fn(run, "contacts")
    assert "wr0ng" not in str(caught.value)


def test_a_token_key_that_is_no_key_is_named_and_nothing_is_sealed(patient: pytest.MonkeyPatch) -> None:
    landed = land.fn(sync.fn(SOURCE, DAY), "contacts")
    _with(patient, "PLUMBLINE_TOKEN_KEY", "zz")
    with pytest.raises(Misconfigured, match="PLUMBLINE_TOKEN_KEY is no hexadecimal text"):
        seal.fn(landed, SOURCE.streams["contacts"])
    assert doors.object_store().list("lake/") == []


def test_a_command_says_that_the_prefect_server_is_down(patient: pytest.MonkeyPatch, home: Path) -> None:
    words = [sys.executable, "-m", "deployments.cli", "refresh", "-s", "hubspot", "-w", "2026-11-17"]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "200"})
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Unavailable: the Prefect server does not answer (http://127.0.0.1:")
    assert done.stderr.count("\n") == 1


def test_while_slack_is_down_the_message_waits_and_is_sent_once_afterwards(
    patient: pytest.MonkeyPatch, home: Path
) -> None:
    ops = doors.ops_store()
    body = {"text": "Meta Ads delivered twice", "blocks": []}
    ops.keep_incidents([], messages=[OutboxMessage("m1", "duplicate_load|meta_ads|x", "open", body, now())])
    _kill(home, "slack")
    said = deliver.fn()
    assert (said.sent, said.waiting) == (0, 1)
    (message,) = ops.pending_messages()
    assert settings().slack.url in message.last_error
    assert message.last_error.startswith("Slack did not answer for ")
    stack.up(lambda _line: None, only=("slack",))
    assert [deliver.fn().sent, deliver.fn().sent] == [1, 0]
    shown = httpx.get(settings().slack.url.replace("/api/", "/messages")).json()["messages"]
    assert [one["text"] for one in shown] == ["Meta Ads delivered twice"]


def test_an_airbyte_that_is_down_is_unavailable_with_address_and_time(patient: pytest.MonkeyPatch, home: Path) -> None:
    _kill(home, "airbyte")
    with pytest.raises(Unavailable, match=rf"did not answer for \d+ s, \d+ tries.*{settings().airbyte.url}"):
        sync.fn(SOURCE, DAY, again=True)
    stack.up(lambda _line: None, only=("airbyte",))
    assert sync.fn(SOURCE, DAY, again=True).rows_reported


def test_an_s3_that_is_down_is_unavailable_and_a_later_seal_is_whole(patient: pytest.MonkeyPatch, home: Path) -> None:
    run: SyncRun = sync.fn(SOURCE, DAY)
    landed = land.fn(run, "contacts_count_by_day")
    _kill(home, "s3")
    with pytest.raises(Unavailable, match=rf"S3 did not answer for .* attempts\) \({settings().s3.endpoint}/plumbline"):
        seal.fn(landed, SOURCE.streams["contacts_count_by_day"])
    stack.up(lambda _line: None, only=("s3",))
    batch = seal.fn(landed, SOURCE.streams["contacts_count_by_day"])
    assert batch.rows == batch.lines > 0
    assert not batch.reused
