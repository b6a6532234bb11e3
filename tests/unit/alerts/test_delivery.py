"""Each message once, whatever dies in between, in Slack and by mail."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest

from expectations.declare.errors import Misconfigured, Unavailable
from tasks import doors
from tasks.adapters.mail import Mail, MailServer
from tasks.adapters.ops_store import OpsStore
from tasks.adapters.slack import Slack
from tasks.publish.deliver import deliver
from tasks.settings import settings
from tests.unit.alerts.conftest import TOKEN, Workspace, announced, bad

# Never twice

KILLED = """
import os, signal
from tasks.adapters.slack import Slack
from tasks.publish.deliver import deliver
post = Slack.post
def dies(self, *args, **words):
    post(self, *args, **words)
    os.kill(os.getpid(), signal.SIGKILL)
Slack.post = dies
deliver.fn()
"""


def test_a_process_that_dies_between_sending_and_remembering_says_nothing_twice(
    ops: OpsStore, workspace: Callable[[], Workspace]
) -> None:
    announced(bad())
    done = subprocess.run([sys.executable, "-c", KILLED], env=os.environ, check=False)
    assert (done.returncode, len(ops.pending_messages()), len(workspace().roots)) == (-signal.SIGKILL, 1, 1)
    assert (deliver.fn().waiting, len(workspace().roots)) == (0, 1)
    assert ops.incidents()[0].slack_ts == workspace().roots[0].ts


class Died(BaseException):
    """The end of a process, as far as the outbox is concerned."""


@pytest.mark.parametrize("ends", [Died(), Unavailable("no answer in 10.0 s", where="x", do="Wait.")])
def test_what_was_sent_and_not_remembered_is_looked_for_and_not_repeated(
    ops: OpsStore, workspace: Callable[[], Workspace], monkeypatch: pytest.MonkeyPatch, ends: BaseException
) -> None:
    post = Slack.post

    def lost(self: Slack, *args: Any, **words: Any) -> str:
        post(self, *args, **words)
        raise ends

    for state in ("failed", "passed"):
        announced(bad(state=state))  # type: ignore[arg-type] - two of the states
        with monkeypatch.context() as patched, suppress(Died):
            patched.setattr(Slack, "post", lost)
            deliver.fn()
        assert len(ops.pending_messages()) == 1
        assert deliver.fn().waiting == 0
    assert (len(workspace().roots), len(workspace().replies)) == (1, 1)


def test_a_slack_that_is_down_gets_one_message_for_each_thread_when_it_is_back(
    ops: OpsStore, workspace: Callable[[], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = settings().slack.url
    monkeypatch.setattr(doors, "slack", lambda: Slack("http://127.0.0.1:9/api/", TOKEN, retries=0))
    for seen in ("1.00", "2.00", "3.00"):
        announced(bad(seen=seen))
        assert deliver.fn().sent == 0
    monkeypatch.setattr(doors, "slack", lambda: Slack(url, TOKEN))
    assert (deliver.fn().sent, deliver.fn().sent) == (3, 0)
    (root,) = workspace().roots
    assert root.text.startswith("Total not reached: reconciliation of act_12 2026-11-17: 3.00.")
    assert [text.partition(" times")[0] for text in workspace().replies] == ["Seen again, 2", "Seen again, 3"]


def test_without_a_way_to_look_a_message_waits_with_the_reason_and_others_go_on(
    ops: OpsStore, workspace: Callable[[], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(*_: object, **__: object) -> str:
        raise Misconfigured("Slack refused the token (missing_scope)", do="x")

    monkeypatch.setattr(Slack, "find", blind)
    announced(bad())
    ops.mark_sending(ops.pending_messages()[0].id)
    announced(bad(), bad("act_9 2026-11-17"))
    assert (deliver.fn().waiting, len(workspace().roots)) == (1, 1)
    (message,) = ops.pending_messages()
    assert "Give the app the scope channels:history" in message.last_error


# Mail


class MailHouse:
    """A mail server on loopback that understands what smtplib says; `refuses` makes it answer with `code`."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refuses, self.code = False, b"451"

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := (await reader.readline()).decode().strip().lower():
            if line == "data":
                writer.write(b"354 go on\r\n")
                raw = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
                self.mails.append(message_from_bytes(raw, policy=policy.default))
            writer.write(self._answer(line))
            if line == "quit":
                break
        writer.close()

    def _answer(self, line: str) -> bytes:
        if self.refuses and line.startswith("mail from"):
            return self.code + b" no\r\n"
        return b"221 bye\r\n" if line == "quit" else b"250 ok\r\n"


@pytest.fixture
def post_office(monkeypatch: pytest.MonkeyPatch, workspace: Callable[[], Workspace]) -> Iterator[MailHouse]:
    house, loop = MailHouse(), asyncio.new_event_loop()
    server = loop.run_until_complete(asyncio.start_server(house.talk, "127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    given = {"HOST": "127.0.0.1", "PORT": str(server.sockets[0].getsockname()[1]), "SECURITY": "none"}
    for name, value in (given | {"SENDER": "plumbline@brightcart.example", "TO": "a@x.example, b@x.example"}).items():
        monkeypatch.setenv(f"PLUMBLINE_SMTP_{name}", value)
    settings.cache_clear()
    yield house
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)
    loop.close()


def test_mail_is_told_what_slack_is_told_one_mail_for_each_message(ops: OpsStore, post_office: MailHouse) -> None:
    announced(*(bad(f"act_{n} 2026-11-17") for n in range(30)))
    deliver.fn()
    announced(*(bad(f"act_{n} 2026-11-17", state="passed") for n in range(30)))
    assert (deliver.fn().waiting, deliver.fn().sent) == (0, 0)
    opened, over = post_office.mails
    assert opened["Subject"].startswith("[critical] 30 problems in 30 places")
    assert over["Subject"].startswith("[recovered] All 30 recovered after")
    assert opened["References"] == over["References"] != opened["Message-ID"]
    assert (opened["To"], opened["Auto-Submitted"]) == ("a@x.example, b@x.example", "auto-generated")
    plain, shown = opened.iter_parts()
    assert "and 15 more" in plain.get_content()
    assert shown.get_content().startswith("<!doctype html>")


def test_a_mail_names_no_person_and_a_hostile_text_stays_text(ops: OpsStore, post_office: MailHouse) -> None:
    hostile = replace(
        bad("<b>ada@brightcart.com</b>\r\nBcc: x@y.example"), sentence="<script>+1 (555) 010-0199</script>"
    )
    announced(hostile)
    deliver.fn()
    (mail,) = post_office.mails
    told = str(mail)
    assert "ada@" not in told
    assert "010-0199" not in told
    assert "<script>" not in next(part for part in mail.walk() if part.get_content_subtype() == "html").get_content()
    assert mail["Bcc"] is None


def test_mail_that_is_refused_waits_and_slack_goes_on(
    ops: OpsStore, post_office: MailHouse, workspace: Callable[[], Workspace]
) -> None:
    post_office.refuses = True
    announced(bad())
    assert deliver.fn().waiting == 1
    assert (len(workspace().roots), ops.pending_messages()) == (1, [])
    (waiting,) = ops.pending_messages("email")
    assert waiting.last_error.startswith("the mail server did not take a message for ")
    post_office.refuses = False
    deliver.fn()
    assert len(post_office.mails) == 1


def test_an_address_that_the_server_refuses_is_a_setting(ops: OpsStore, post_office: MailHouse) -> None:
    post_office.refuses, post_office.code = True, b"550"
    announced(bad())
    with pytest.raises(Misconfigured, match=r"refused an address .*Check PLUMBLINE_SMTP_SENDER") as caught:
        deliver.fn()
    assert "@" not in str(caught.value)
    assert len(ops.pending_messages("email")) == 1


def test_mail_is_off_without_a_host(ops: OpsStore) -> None:
    announced(bad())
    assert ops.pending_messages("email") == []


@pytest.mark.parametrize(("sender", "to"), [("nobody", "a@x.example"), ("a@x.example", "a@x.example,b")])
def test_an_address_that_is_none_is_a_setting(sender: str, to: str) -> None:
    with pytest.raises(Misconfigured, match="PLUMBLINE_SMTP_SENDER or PLUMBLINE_SMTP_TO"):
        Mail(MailServer("127.0.0.1", 9), sender=sender, to=to.split(","))
