"""The Slack client against the local endpoint: what Slack accepts, refuses, and how a person would see it."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from deployments.local.slack import application
from deployments.local.slack_text import mrkdwn
from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters.slack import MessageGone, Slack
from tests.conftest import served

TOKEN = "xoxb-local-test"
CHANNEL = "#data-incidents"
BLOCKS: list[dict[str, Any]] = [
    {"type": "header", "text": {"type": "plain_text", "text": ":rotating_light: Spend of act_12 & co <tripled>"}},
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*3.1* times `spend`, see <https://docs.example/a?b=1&c=2|Data Docs>"},
    },
    {
        "type": "section",
        "fields": [{"type": "mrkdwn", "text": "*Owner*\n@growth"}, {"type": "mrkdwn", "text": "*Day*\n11-17"}],
    },
    {"type": "context", "elements": [{"type": "mrkdwn", "text": "runbook spend_anomaly"}]},
]


@contextmanager
def _answering(status: int, body: bytes = b"busy") -> Iterator[str]:
    """A server that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def base(tmp_path: Path) -> Iterator[str]:
    with served(application(tmp_path, TOKEN)) as url:
        yield url


@pytest.fixture
def slack(base: str) -> Slack:
    return Slack(f"{base}/api/", TOKEN)


def _messages(base: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = httpx.get(f"{base}/messages").json()["messages"]
    return found


def test_a_posted_message_is_seen_with_its_blocks(slack: Slack, base: str) -> None:
    ts = slack.post(CHANNEL, "Spend tripled", BLOCKS)

    (said,) = _messages(base)
    assert (said["channel"], said["ts"], said["text"], said["blocks"]) == (
        "data-incidents",
        ts,
        "Spend tripled",
        BLOCKS,
    )
    seen = httpx.get(base).text
    assert 'aria-label="rotating_light"></span> Spend of act_12 &amp; co &lt;tripled&gt;' in seen
    assert "<strong>3.1</strong> times <code>spend</code>" in seen
    assert '<a href="https://docs.example/a?b=1&amp;c=2" rel="noreferrer noopener">Data Docs</a>' in seen
    assert "runbook spend_anomaly" in seen


def test_replies_stand_under_their_message(slack: Slack, base: str) -> None:
    first = slack.post(CHANNEL, "one")
    other = slack.post(CHANNEL, "two")
    reply = slack.post(CHANNEL, "an answer to one", thread_ts=first)

    assert first < other < reply
    seen = httpx.get(base).text
    assert seen.index("an answer to one") < seen.index("two")
    assert "1 reply" in seen


def test_an_update_replaces_the_message(slack: Slack, base: str) -> None:
    ts = slack.post(CHANNEL, "open", BLOCKS)
    slack.update(CHANNEL, ts, "recovered")

    (said,) = _messages(base)
    assert (said["ts"], said["text"], said["blocks"]) == (ts, "recovered", [])
    assert "(edited)" in httpx.get(base).text


def test_another_process_updates_by_channel_name(slack: Slack, base: str) -> None:
    ts = slack.post(CHANNEL, "open")
    Slack(f"{base}/api", TOKEN).update(CHANNEL, ts, "recovered")

    assert [said["text"] for said in _messages(base)] == ["recovered"]


def test_slack_itself_updates_by_id_only(slack: Slack, base: str) -> None:
    ts = slack.post(CHANNEL, "open")
    client = WebClient(TOKEN, base_url=f"{base}/api/")

    with pytest.raises(SlackApiError, match="channel_not_found"):
        client.chat_update(channel=CHANNEL, ts=ts, text="recovered")


def test_a_deleted_message_is_told_apart(slack: Slack) -> None:
    slack.post(CHANNEL, "open")

    with pytest.raises(MessageGone):
        slack.update(CHANNEL, "1.000000", "recovered")


def test_a_channel_that_is_not_there_is_a_setting(slack: Slack) -> None:
    with pytest.raises(Misconfigured, match=r"no channel #nowhere .*PLUMBLINE_SLACK_CHANNEL"):
        slack.update("#nowhere", "1.000000", "recovered")


@pytest.mark.parametrize("token", ["xoxb-other", ""])
def test_a_wrong_token_is_a_setting_and_stays_secret(base: str, token: str) -> None:
    with pytest.raises(Misconfigured, match=r"refused the token \(invalid_auth\) .*PLUMBLINE_SLACK_TOKEN") as caught:
        Slack(f"{base}/api/", token).post(CHANNEL, "hello")

    assert "xoxb" not in str(caught.value)
    assert _messages(base) == []


def test_messages_survive_a_restart(tmp_path: Path) -> None:
    with served(application(tmp_path, TOKEN)) as url:
        first = Slack(f"{url}/api/", TOKEN).post(CHANNEL, "before")
    with served(application(tmp_path, TOKEN)) as url:
        second = Slack(f"{url}/api/", TOKEN).post(CHANNEL, "after", thread_ts=first)
        said = _messages(url)

    assert [(m["text"], m["ts"]) for m in said] == [("before", first), ("after", second)]
    assert json.loads((tmp_path / "slack/messages.json").read_text()) == said


def test_a_slack_that_is_down_is_unavailable() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/api/"
        with pytest.raises(Unavailable, match=rf"did not answer for \d+\.\d s \(URLError\) \({url}\)"):
            Slack(url, TOKEN, retries=0).post(CHANNEL, "hello")


def test_a_slack_that_does_not_answer_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/api/"
        with pytest.raises(Unavailable, match="did not answer for"):
            Slack(url, TOKEN, seconds=1, retries=0).post(CHANNEL, "hello")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_slack_is_unavailable(status: int) -> None:
    with _answering(status) as url, pytest.raises(Unavailable, match=f"HTTP {status}"):
        Slack(url, TOKEN).post(CHANNEL, "hello")


def test_an_address_that_is_no_slack_is_a_setting() -> None:
    with _answering(404) as url, pytest.raises(Misconfigured, match="PLUMBLINE_SLACK_URL"):
        Slack(url, TOKEN).post(CHANNEL, "hello")


def test_a_proxy_is_not_asked_for_loopback(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert Slack(f"{base}/api/", TOKEN, retries=0).post(CHANNEL, "hello")


def test_forms_are_understood_like_json(base: str) -> None:
    form = {"channel": CHANNEL, "text": "from a form", "blocks": json.dumps(BLOCKS), "token": TOKEN}
    assert httpx.post(f"{base}/api/chat.postMessage", data=form).json()["ok"]

    (said,) = _messages(base)
    assert (said["text"], said["blocks"]) == ("from a form", BLOCKS)


def test_the_token_can_be_tried_alone(base: str) -> None:
    assert WebClient(TOKEN, base_url=f"{base}/api/").auth_test()["team"] == "BrightCart"
    with pytest.raises(SlackApiError, match="invalid_auth"):
        WebClient("other", base_url=f"{base}/api/").auth_test()


TOO_MUCH = {
    "text and blocks missing": (lambda: {"text": ""}, "no_text"),
    "a section of 3001 characters": (lambda: {"blocks": [_section("x" * 3001)]}, "invalid_blocks"),
    "51 blocks": (lambda: {"blocks": [_section("x")] * 51}, "invalid_blocks"),
    "11 fields": (lambda: {"blocks": [{"type": "section", "fields": [_text("x")] * 11}]}, "invalid_blocks"),
    "a header in mrkdwn": (lambda: {"blocks": [{"type": "header", "text": _text("x")}]}, "invalid_blocks"),
    "an unknown block": (lambda: {"blocks": [{"type": "poem"}]}, "invalid_blocks"),
    "blocks that are no list": (lambda: {"blocks": {"type": "section"}}, "invalid_blocks_format"),
    "an unknown thread": (lambda: {"text": "x", "thread_ts": "1.000000"}, "thread_not_found"),
}


@pytest.mark.parametrize("case", TOO_MUCH.values(), ids=TOO_MUCH.keys())
def test_what_slack_would_refuse_is_refused(base: str, case: tuple[Callable[[], dict[str, object]], str]) -> None:
    asked, error = case
    answer = httpx.post(
        f"{base}/api/chat.postMessage",
        json={"channel": CHANNEL, **asked()},
        headers={"Authorization": f"Bearer {TOKEN}"},
    ).json()

    assert (answer["ok"], answer["error"]) == (False, error)
    assert _messages(base) == []


def test_hostile_text_stays_text(slack: Slack, base: str) -> None:
    hostile = '<img src=x onerror=alert(1)> <javascript:alert(1)|click> <https://a"onmouseover=x|b> 😀 *<b>*'
    slack.post("#<svg onload=x>", hostile, [_section(hostile), {"type": "header", "text": _plain(hostile)}])

    seen = httpx.get(base).text
    assert "<img" not in seen
    assert "<svg" not in seen
    assert 'href="javascript' not in seen
    assert 'href="https://a&quot;onmouseover=x"' in seen
    assert "😀" in seen


def test_the_page_loads_nothing(slack: Slack, base: str) -> None:
    slack.post(CHANNEL, "x", [{"type": "image", "image_url": "https://other.example/p.png", "alt_text": "a plot"}])
    answer = httpx.get(base)

    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    assert " src=" not in answer.text


def test_another_host_name_is_refused(base: str) -> None:
    assert httpx.get(base, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize(
    ("said", "seen"),
    [
        (
            "*<https://a.example|Docs>*",
            '<strong><a href="https://a.example" rel="noreferrer noopener">Docs</a></strong>',
        ),
        ("_late_ ~wrong~", "<em>late</em> <s>wrong</s>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("`*raw* <b>`", "<code>*raw* &lt;b&gt;</code>"),
        ("```\na < b\n```\nc", "<pre>a &lt; b</pre>c"),
        ("a\n> said\nb", "a<blockquote>said</blockquote>b"),
        ("Ben &amp; Jerry &lt;3", "Ben &amp; Jerry &lt;3"),
        ("at 06:45:00 :mag: :unknown:", "at 06:45:00 🔍 :unknown:"),
        ("<!here> <@U12|ana>", '<span class="mention">@here</span> <span class="mention">@ana</span>'),
        ("\ue0000\ue001", "0"),
    ],
)
def test_mrkdwn_is_shown_as_slack_shows_it(said: str, seen: str) -> None:
    assert mrkdwn(said) == seen


def _text(said: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": said}


def _plain(said: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": said}


def _section(said: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(said)}
