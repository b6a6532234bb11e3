"""The error bodies of the public API (RFC 9457 style)."""

from __future__ import annotations

from fastapi import Request
from fastapi.responses import JSONResponse, Response


class Problem(Exception):
    """A refusal with its HTTP status, type, title and message."""

    def __init__(self, status: int, kind: str, title: str, message: str = "") -> None:
        super().__init__(message or title)
        self.status = status
        self.body = {
            "status": status,
            "type": f"https://reference.airbyte.com/reference/errors#{kind}",
            "title": kind,
            "detail": title,
            "data": {"message": message or title},
        }


async def answer(request: Request, problem: Exception) -> Response:
    """The HTTP response of a `Problem`."""
    assert isinstance(problem, Problem)
    return JSONResponse(problem.body, problem.status, media_type="application/problem+json")


def not_found(kind: str, name: object) -> Problem:
    """An unknown id."""
    return Problem(404, "resource-not-found", "Could not find the requested resource", f"{kind} {name}")


def conflict(message: str, *, kind: str = "state-conflict") -> Problem:
    """A request that does not fit the state of things."""
    return Problem(409, kind, "Could not fulfill request", message)
