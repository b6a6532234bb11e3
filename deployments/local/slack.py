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
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deployments.local.processes import LOOPBACK
from deployments.local.slack_channel import Channel, Message, Refused, channel_id
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
    message = channel.post(
        str(body.get("channel", "")), str(body.get("text", "")), body.get("blocks"), thread_ts=body.get("thread_ts")
    )
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
    if "blocks" in form:
        try:
            form["blocks"] = json.loads(form["blocks"])
        except json.JSONDecodeError:
            form["blocks"] = "not JSON"
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
