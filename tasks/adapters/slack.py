"""The workspace where incidents are announced: a few calls of the Slack Web API, and what their failures mean."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry import ConnectionErrorRetryHandler
from slack_sdk.web import SlackResponse

from expectations.declare.errors import Misconfigured, Unavailable
from expectations.declare.personal import redacted, scrubbed

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
TOKEN_FAULTS = frozenset(
    {"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired", "missing_scope"}
)
CHANNEL_FAULTS = frozenset({"channel_not_found", "not_in_channel", "is_archived"})
BUSY = frozenset({"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable"})
GONE = frozenset({"message_not_found", "cant_update_message", "thread_not_found"})
IDS = ("C", "G", "D")
MARKED = "plumbline_message"
SKEW_SECONDS = 600  # by how much the clocks of Slack and this machine may differ


class MessageGone(LookupError):
    """The message to update or to reply to was deleted by somebody; post a new one."""


class Slack:
    """One workspace and token. Raises `Misconfigured` (token, channel) or `Unavailable` (no answer after retries)."""

    def __init__(self, url: str, token: str, *, seconds: int = 10, retries: int = 2) -> None:
        self.url = url if url.endswith("/") else f"{url}/"
        # Only requests that were not sent in full are repeated: another try after a lost answer would post twice.
        again = ConnectionErrorRetryHandler(max_retry_count=retries, error_types=[URLError])
        self._client = WebClient(token, base_url=self.url, timeout=seconds, retry_handlers=[again])
        if urlsplit(self.url).hostname in LOOPBACK:
            self._client.proxy = None  # slack_sdk takes a proxy from the environment and does not read NO_PROXY
        self._ids: dict[str, str] = {}

    def post(
        self,
        channel: str,
        text: str,
        blocks: Sequence[dict[str, Any]] = (),
        *,
        thread_ts: str | None = None,
        mark: str = "",
    ) -> str:
        """Post a message (or a reply) to a channel name or id; return its ts. `text` is what notifications show.

        `mark` goes with it unseen: `find` knows the message by it.
        """
        said: dict[str, Any] = {"text": redacted(text), "blocks": scrubbed(blocks), "thread_ts": thread_ts}
        if mark:
            said["metadata"] = {"event_type": MARKED, "event_payload": {"mark": mark}}
        answer = self._ask(channel, lambda: self._client.chat_postMessage(channel=channel, unfurl_links=False, **said))
        self._ids[_named(channel)] = str(answer["channel"])
        return str(answer["ts"])

    def find(self, channel: str, mark: str, *, since: datetime, thread_ts: str | None = None) -> str | None:
        """The ts of the message (or reply) with this mark, where it is there; needs the scope `channels:history`."""
        known = self._known_channel(channel)
        if known is None:
            return None  # nothing was ever said in it
        oldest = f"{since.timestamp() - SKEW_SECONDS:.6f}"
        asked: dict[str, Any] = {"channel": known, "include_all_metadata": True, "limit": 200, "oldest": oldest}
        client = self._client
        ask = partial(client.conversations_replies, ts=thread_ts) if thread_ts else client.conversations_history
        for page in self._pages(channel, partial(ask, **asked)):
            for said in page["messages"]:
                if (said.get("metadata") or {}).get("event_payload", {}).get("mark") == mark:
                    return str(said["ts"])
        return None

    def update(self, channel: str, ts: str, text: str, blocks: Sequence[dict[str, Any]] = ()) -> None:
        """Replace a message; raises `MessageGone`. A channel name is looked up first: Slack takes only ids here."""
        known = self._channel_id(channel)
        self._ask(
            channel,
            lambda: self._client.chat_update(channel=known, ts=ts, text=redacted(text), blocks=scrubbed(blocks)),
        )

    def _channel_id(self, channel: str) -> str:
        known = self._known_channel(channel)
        if known is None:
            raise self._no_channel(channel, "channel_not_found")
        return known

    def _known_channel(self, channel: str) -> str | None:
        if channel.startswith(IDS):
            return channel
        name = _named(channel)
        if name not in self._ids:
            self._ids.update(self._all_channels(channel))
        return self._ids.get(name)

    def _all_channels(self, channel: str) -> Iterator[tuple[str, str]]:
        for page in self._pages(channel, partial(self._client.conversations_list, limit=200)):
            for found in page["channels"]:
                yield _named(found["name"]), found["id"]

    def _pages(self, channel: str, call: Callable[..., SlackResponse]) -> Iterator[SlackResponse]:
        cursor = ""
        while True:
            page = self._ask(channel, partial(call, cursor=cursor))
            yield page
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return

    def _ask(self, channel: str, call: Callable[[], SlackResponse]) -> SlackResponse:
        began = time.monotonic()
        try:
            return call()
        except SlackApiError as error:
            raise self._refused(error, channel, time.monotonic() - began) from error
        except (URLError, OSError, HTTPException) as error:
            raise self._unavailable(type(error).__name__, time.monotonic() - began) from error

    def _refused(self, error: SlackApiError, channel: str, seconds: float) -> Exception:
        code, status = str(error.response.get("error", "")), int(error.response.status_code)
        if status == 429 or status >= 500 or code in BUSY:
            return self._unavailable(f"HTTP {status}", seconds)
        if code in TOKEN_FAULTS or status in {401, 403}:
            return Misconfigured(
                f"Slack refused the token ({code or status})", where=self.url, do="Check PLUMBLINE_SLACK_TOKEN."
            )
        if status == 404:
            return Misconfigured("this is no Slack API", where=self.url, do="Check PLUMBLINE_SLACK_URL.")
        if code in CHANNEL_FAULTS:
            return self._no_channel(channel, code)
        return MessageGone(code) if code in GONE else error

    def _no_channel(self, channel: str, code: str) -> Misconfigured:
        advice = "Invite the app to the channel, or set PLUMBLINE_SLACK_CHANNEL to its id."
        return Misconfigured(f"Slack has no channel {channel} for this token ({code})", where=self.url, do=advice)

    def _unavailable(self, kind: str, seconds: float) -> Unavailable:
        return Unavailable(
            f"Slack did not answer for {seconds:.1f} s ({kind})",
            where=self.url,
            do="The message waits in the outbox and is sent with the next run.",
        )


def _named(channel: str) -> str:
    return f"#{channel.lstrip('#')}"
