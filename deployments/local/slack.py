"""A Slack-compatible endpoint: the calls that `slack_sdk` makes, answered as Slack does, kept in one file.

    python -m deployments.local.slack --port 21040 --home .plumbline     (token: PLUMBLINE_SLACK_TOKEN)

Limits of Slack that would spoil a message in production (length of a section, number of blocks, an update by
channel name) are kept here too, so that the demo cannot show what Slack would refuse.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deployments.local.processes import LOOPBACK
from deployments.local.slack_channel import Channel, Message, Refused, Said, channel_id
from deployments.local.slack_page import page

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
Body = Mapping[str, Any]
Call = Callable[[Channel, Body], dict[str, Any]]


def application(home: Path, token: str, *, clock: Callable[[], float] = time.time) -> FastAPI:
    """The endpoint and the page over `<home>/slack/messages.json`; every call needs the bearer token."""
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])
    channel = Channel(home / "slack" / "messages.json", clock)

    @app.get("/")
    def show() -> HTMLResponse:
        return HTMLResponse(page(channel.messages()), headers={"Content-Security-Policy": POLICY})

    @app.get("/messages")
    def messages() -> JSONResponse:
        return JSONResponse({"messages": [message.as_json() for message in channel.messages()]})

    @app.post("/api/{method}")
    async def call(method: str, request: Request) -> JSONResponse:
        body = await _read(request)
        return JSONResponse(_answer(channel, method, body, allowed=_bearer(request, body) == token))

    return app


def _answer(channel: Channel, method: str, body: Body, *, allowed: bool) -> dict[str, Any]:
    if method not in CALLS:
        return {"ok": False, "error": "unknown_method", "req_method": method}
    if not allowed:
        return {"ok": False, "error": "invalid_auth"}
    try:
        return {"ok": True, **CALLS[method](channel, body)}
    except Refused as refused:
        return {"ok": False, "error": refused.error, "response_metadata": {"messages": refused.reasons}}


def _post(channel: Channel, body: Body) -> dict[str, Any]:
    said = Said(str(body.get("text", "")), body.get("blocks"), body.get("metadata"))
    message = channel.post(str(body.get("channel", "")), said, thread_ts=body.get("thread_ts"))
    return {"channel": channel_id(message.channel), "ts": message.ts, "message": _message(message)}


def _update(channel: Channel, body: Body) -> dict[str, Any]:
    message = channel.update(
        str(body.get("channel", "")), str(body.get("ts", "")), text=str(body.get("text", "")), blocks=body.get("blocks")
    )
    return {
        "channel": channel_id(message.channel),
        "ts": message.ts,
        "text": message.text,
        "message": _message(message),
    }


def _list(channel: Channel, _body: Body) -> dict[str, Any]:
    names = sorted({message.channel for message in channel.messages()})
    listed = [{"id": channel_id(name), "name": name, "is_channel": True, "is_member": True} for name in names]
    return {"channels": listed, "response_metadata": {"next_cursor": ""}}


def _history(channel: Channel, body: Body) -> dict[str, Any]:
    """Messages of a channel without their replies, newest first; metadata only where they are asked for."""
    said = [message for message in _since(channel, body) if not message.thread_ts]
    return _told(reversed(said), body)


def _replies(channel: Channel, body: Body) -> dict[str, Any]:
    """A message and what was said under it, oldest first."""
    root = str(body.get("ts", ""))
    if not any(message.ts == root for message in channel.messages()):
        raise Refused("thread_not_found")
    return _told([message for message in _since(channel, body) if root in (message.ts, message.thread_ts)], body)


def _since(channel: Channel, body: Body) -> list[Message]:
    asked = str(body.get("channel", ""))
    own = [message for message in channel.messages() if channel_id(message.channel) == asked]
    if not own:
        raise Refused("channel_not_found")
    return [message for message in own if float(message.ts) > float(body.get("oldest") or 0)]


def _told(said: Iterable[Message], body: Body) -> dict[str, Any]:
    with_metadata = str(body.get("include_all_metadata", "")).lower() in ("true", "1")
    shown = [_message(m) | ({"metadata": m.metadata} if with_metadata and m.metadata else {}) for m in said]
    return {"messages": shown, "has_more": False, "response_metadata": {"next_cursor": ""}}


def _who(_channel: Channel, _body: Body) -> dict[str, Any]:
    return {
        "url": "https://brightcart.slack.com/",
        "team": "BrightCart",
        "user": "plumbline",
        "team_id": "T0BRIGHT",
        "user_id": "U0PLUMB",
        "bot_id": "B0PLUMB",
    }


CALLS: dict[str, Call] = {
    "chat.postMessage": _post,
    "chat.update": _update,
    "conversations.list": _list,
    "conversations.history": _history,
    "conversations.replies": _replies,
    "auth.test": _who,
}


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": "message",
        "subtype": "bot_message",
        "user": "U0PLUMB",
        "bot_id": "B0PLUMB",
        "ts": message.ts,
        "text": message.text,
        "blocks": list(message.blocks),
    }
    if message.thread_ts:
        said["thread_ts"] = message.thread_ts
    if message.edited:
        said["edited"] = {"user": "U0PLUMB", "ts": message.edited}
    return said


async def _read(request: Request) -> dict[str, Any]:
    """The arguments of a call: JSON, or a form whose structured values are JSON texts, or the query."""
    raw = await request.body()
    if "json" in request.headers.get("content-type", ""):
        try:
            found = json.loads(raw or b"{}")
        except json.JSONDecodeError:
            return {}
        return found if isinstance(found, dict) else {}
    form: dict[str, Any] = {**request.query_params, **dict(parse_qsl(raw.decode("utf-8", "replace")))}
    for structured in form.keys() & {"blocks", "metadata"}:
        try:
            form[structured] = json.loads(form[structured])
        except json.JSONDecodeError:
            form[structured] = "not JSON"
    return form


def _bearer(request: Request, body: Body) -> str:
    header = request.headers.get("authorization", "")
    return header.removeprefix("Bearer ") if header.startswith("Bearer ") else str(body.get("token", ""))


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True)
    asked = parser.parse_args()
    token = os.environ.get("PLUMBLINE_SLACK_TOKEN", "")
    if not token:
        parser.error("PLUMBLINE_SLACK_TOKEN is empty")
    uvicorn.run(application(asked.home, token), host=LOOPBACK, port=asked.port, log_level="warning")


if __name__ == "__main__":
    main()
