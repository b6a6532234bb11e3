"""The boundary to the untyped half of the `airbyte-api` SDK: tokens, bounded retries, lenient reading.

The SDK's own token cache is shared between hosts, its token request is form-encoded only and it repeats
nothing after a 401, so the token comes from here. Its enums refuse values of newer servers, so answers
are read from the raw JSON.
"""

from __future__ import annotations

import base64
import json
import random
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import httpx
from airbyte_api import AirbyteAPI, errors, models

from expectations.declare.errors import Misconfigured, Unavailable

# The server did not see the request, or only a read was lost: asking again changes nothing.
_UNANSWERED = (httpx.TransportError, errors.NoResponseError)
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_BUSY = {429, 500, 502, 503, 504}
_REFUSED_ENCODING = {400, 401, 403, 415, 422}
_EXPIRY_MARGIN = 20.0

Payload = dict[str, Any]
"""The JSON object of an answer; a bare list stands under `data`."""


@dataclass(frozen=True)
class AirbyteConfig:
    """Where the server is, who we are, and how patient we are (seconds)."""

    url: str
    client_id: str
    client_secret: str = field(repr=False)
    workspace_id: str = ""
    connections: str = ""
    request_seconds: float = 90.0
    poll_seconds: float = 5.0
    retry_seconds: float = 30.0
    busy_seconds: float = 180.0
    adopt_seconds: float = 60.0


class Answered(Exception):
    """The server answered with an error status; `detail` is its own short text."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{status} {detail}")
        self.status, self.detail = status, detail


class Unclear(Exception):
    """A request was sent and its fate is unknown."""


class TokenProvider:
    """Fetches and keeps the access token of one server; JSON first, form-encoded as the fallback."""

    def __init__(self, config: AirbyteConfig, http: httpx.Client) -> None:
        self._config, self._http = config, http
        self._lock = threading.Lock()
        self._token, self._until = "", 0.0

    def token(self) -> str:
        """A token that should still be valid."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._token, lifetime = self._fetch()
                self._until = time.monotonic() + lifetime - min(_EXPIRY_MARGIN, lifetime / 2)
            return self._token

    def forget(self) -> None:
        """The server refused the token: the next call fetches another."""
        with self._lock:
            self._until = 0.0

    def _fetch(self) -> tuple[str, float]:
        answer = self._ask("application/json")
        if answer.status_code in _REFUSED_ENCODING:
            answer = self._ask("application/x-www-form-urlencoded")
        if answer.status_code in _BUSY:
            raise Answered(answer.status_code, "token endpoint")
        if answer.status_code == 404:
            raise no_airbyte_api(self._config.url)
        if answer.status_code != 200:
            raise Misconfigured(
                f"Airbyte refused the application credentials ({answer.status_code})",
                where=self._config.url,
                do="Check PLUMBLINE_AIRBYTE_CLIENT_ID and PLUMBLINE_AIRBYTE_CLIENT_SECRET",
            )
        return self._read(answer)

    def _ask(self, encoding: str) -> httpx.Response:
        body = {
            "client_id": self._config.client_id,
            "client_secret": self._config.client_secret,
            "grant_type": "client_credentials",
            "grant-type": "client_credentials",
        }
        url = f"{self._config.url.rstrip('/')}/applications/token"
        if encoding == "application/json":
            return self._http.post(url, json=body)
        return self._http.post(url, data=body)

    def _read(self, answer: httpx.Response) -> tuple[str, float]:
        try:
            body = answer.json()
            token, announced = str(body["access_token"]), float(body.get("expires_in") or 0)
        except (ValueError, KeyError, TypeError, AttributeError):
            raise no_airbyte_api(self._config.url) from None
        return token, min(announced, _own_lifetime(token, announced))


def _own_lifetime(token: str, announced: float) -> float:
    """Seconds until the JWT's own `exp`: some releases announced 900 s for tokens that lived 180 s."""
    try:
        claims = token.split(".")[1]
        expires = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        return float(expires) - time.time()
    except (IndexError, ValueError, KeyError, TypeError):
        return announced


def no_airbyte_api(url: str) -> Misconfigured:
    """The address answers, but not as the public API of Airbyte."""
    return Misconfigured(
        "the address does not answer as the Airbyte public API",
        where=url,
        do="Check PLUMBLINE_AIRBYTE_URL; it ends in /api/public/v1",
    )


@dataclass(frozen=True)
class Plain:
    """The answer of a request that did not go through the SDK, in the SDK's shape."""

    raw_response: httpx.Response


class ApiClient:
    """Runs SDK calls: reads with bounded retries, writes exactly once; answers are plain JSON."""

    def __init__(self, config: AirbyteConfig) -> None:
        self.config = config
        trust = ssl.create_default_context()
        http = httpx.Client(verify=trust, timeout=config.request_seconds, follow_redirects=True)
        self._http, self._tokens = http, TokenProvider(config, http)
        # `Any`: the SDK loads its parts by name at run time, which no type checker can follow.
        self.sdk: Any = AirbyteAPI(
            server_url=config.url.rstrip("/"),
            security=self._security,
            client=http,
            async_client=httpx.AsyncClient(verify=trust),
            timeout_ms=int(config.request_seconds * 1000),
        )
        self.close = weakref.finalize(self, http.close)

    def _security(self) -> models.Security:
        return models.Security(bearer_auth=self._tokens.token())

    def plain(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, object] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Callable[[], Plain]:
        """A request past the SDK, for `read` or `once`."""
        url = f"{self.config.url.rstrip('/')}{path}"
        params = {key: str(value) for key, value in (query or {}).items()}

        def call() -> Plain:
            headers = {"Authorization": f"Bearer {self._tokens.token()}"}
            return Plain(self._http.request(method, url, params=params, json=body, headers=headers))

        return call

    def once(self, call: Callable[[], object]) -> Payload:
        """One write. Raises `Unclear` when it was sent but not answered, `Answered` on an error status."""
        try:
            return self._authorised(call)
        except _NOT_SENT as error:
            raise Answered(503, type(error).__name__) from error
        except _UNANSWERED as error:
            raise Unclear(type(error).__name__) from error

    def read(self, call: Callable[[], object]) -> Payload:
        """One read (or a cancellation, which is as harmless): asked again while the server is unwell."""
        began, attempt = time.monotonic(), 0
        while True:
            try:
                return self._authorised(call)
            except _UNANSWERED as error:
                reason, status = type(error).__name__, 503
            except Answered as error:
                if error.status not in _BUSY:
                    raise
                reason, status = str(error), error.status
            self.pause_or_give_up(attempt, status, reason=reason, began=began)
            attempt += 1

    def pause_or_give_up(self, attempt: int, status: int, *, reason: str, began: float) -> None:
        """Sleep before the next try, or raise `Unavailable` when the time for tries is used up."""
        shedding = status == 429  # the server asks for less: it wants a minute, not a second
        budget = self.config.busy_seconds if shedding else self.config.retry_seconds
        first, longest = (budget / 3, budget / 3) if shedding else (budget / 60, budget / 4)
        pause = min(first * 2**attempt, longest) * random.uniform(0.75, 1.0)
        spent = time.monotonic() - began
        if spent + pause > budget:
            raise Unavailable(
                f"Airbyte did not answer for {spent:.0f} s, {attempt + 1} tries; last: {reason}",
                where=self.config.url,
                do="Check that the server runs and that PLUMBLINE_AIRBYTE_URL is its address",
            )
        time.sleep(pause)

    def _authorised(self, call: Callable[[], object]) -> Payload:
        try:
            return self._answer(call)
        except Answered as error:
            if error.status != 401:
                raise
        self._tokens.forget()
        return self._answer(call)

    def _answer(self, call: Callable[[], object]) -> Payload:
        try:
            response: httpx.Response = cast(Any, call()).raw_response
        except errors.ResponseValidationError as error:
            return self._json(error.raw_response)  # a value the SDK does not know yet
        except errors.SDKError as error:
            if error.status_code < 400:
                raise no_airbyte_api(self.config.url) from error
            raise Answered(error.status_code, _detail(error.raw_response)) from error
        if response.status_code >= 400:
            raise Answered(response.status_code, _detail(response))
        return self._json(response)

    def _json(self, response: httpx.Response) -> Payload:
        try:
            body = response.json() if response.content else {}
        except ValueError:
            raise no_airbyte_api(self.config.url) from None
        return body if isinstance(body, dict) else {"data": body}


def _detail(response: httpx.Response) -> str:
    """The server's own words about a refusal: `data.message`, else `detail`, else `title`."""
    try:
        problem = response.json()
        data = problem.get("data") or {}
        return str(data.get("message") or problem.get("detail") or problem.get("title") or "")[:300]
    except (ValueError, AttributeError):
        return response.reason_phrase
