"""The site of a home (index, Data Docs, runbooks) on loopback, under a policy that lets no other host in.

python -m deployments.local.site_server --port 21050 --home .plumbline
"""

from __future__ import annotations

import argparse
import mimetypes
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request, Response
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.middleware.base import RequestResponseEndpoint
from starlette.middleware.trustedhost import TrustedHostMiddleware

from deployments.local.processes import LOOPBACK
from tasks.publish.site_types import TYPES

READY = "/-/ready"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
        "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def application(home: Path) -> FastAPI:
    """The static files of `<home>/site`."""
    for ending, kind in TYPES.items():
        mimetypes.add_type(kind, ending)
    folder = home / "site"
    folder.mkdir(parents=True, exist_ok=True)
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=[LOOPBACK, "localhost"])

    @app.middleware("http")
    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        answer = await call_next(request)
        answer.headers.update(HEADERS)
        return answer

    @app.get(READY)
    def ready() -> PlainTextResponse:
        return PlainTextResponse("ready\n")

    @app.get("/")
    def index() -> Response:
        if (folder / "index.html").exists():
            return Response((folder / "index.html").read_bytes(), media_type="text/html")
        return PlainTextResponse("There is no site yet: the first refresh or close writes it.\n", status_code=404)

    app.mount("/", StaticFiles(directory=folder, html=True))
    return app


def main() -> None:
    """Serve until told to end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--home", type=Path, required=True)
    asked = parser.parse_args()
    uvicorn.run(application(asked.home), host=LOOPBACK, port=asked.port, log_level="warning")


if __name__ == "__main__":
    main()
