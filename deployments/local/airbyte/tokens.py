"""Application credentials and the tokens bought with them."""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from orjson import JSONDecodeError, loads

from deployments.local.airbyte.problems import Problem
from deployments.local.airbyte.switches import Switches

TOKEN_SECONDS = 900


@dataclass
class Tokens:
    """Issues and checks tokens; those of an earlier process are not known any more. `issued` is when, by token."""

    client_id: str
    client_secret: str
    switches: Switches
    issued: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def issue(self, client_id: str, client_secret: str) -> str:
        """A token for the right credentials."""
        right = secrets.compare_digest(client_id, self.client_id)
        if not (secrets.compare_digest(client_secret, self.client_secret) and right):
            raise Problem(400, "bad-request", "Invalid client id or token")
        token = secrets.token_urlsafe(24)
        with self._lock:
            self.issued[token] = time.monotonic()
        return token

    def check(self, header: str) -> None:
        """Refuse a request without a living token."""
        early = self.switches.on("token_dies_early")
        lifetime = early.number("seconds", 0) if early else TOKEN_SECONDS
        issued = self.issued.get(header.removeprefix("Bearer "))
        if issued is None or time.monotonic() - issued >= lifetime:
            raise Problem(401, "invalid-api-key", "The provided API key is invalid")


def token_routes(tokens: Tokens) -> APIRouter:
    """`POST /applications/token`, in both encodings."""
    router = APIRouter()

    @router.post("/applications/token")
    async def create_token(request: Request) -> dict[str, object]:
        form = request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        if tokens.switches.on("json_only" if form else "form_only"):
            raise Problem(401 if form else 415, "unsupported", "Unsupported encoding")
        body = _body(await request.body(), form=form)
        token = tokens.issue(body.get("client_id", ""), body.get("client_secret", ""))
        return {"access_token": token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}

    return router


def _body(raw: bytes, *, form: bool) -> dict[str, str]:
    if form:
        return {name: values[0] for name, values in parse_qs(raw.decode()).items()}
    try:
        body = loads(raw)
    except JSONDecodeError:
        raise Problem(400, "bad-request", "The body is not JSON") from None
    return {name: str(value) for name, value in body.items()} if isinstance(body, dict) else {}
