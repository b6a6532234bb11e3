"""The routes of sources and destinations, which differ in nothing but their name."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from deployments.local.airbyte.actors import Actor, Actors
from deployments.local.airbyte.catalog import WORKSPACE
from deployments.local.airbyte.jobs_api import Limit, Offset, paged
from deployments.local.airbyte.problems import Problem, not_found

Json = Annotated[dict[str, Any], Body()]
Workspaces = Annotated[list[str], Query(alias="workspaceIds")]


def routes(actors: Actors) -> APIRouter:
    """The routes under /sources or /destinations."""
    router, path = APIRouter(), f"/{actors.kind}s"

    @router.get(path)
    def list_all(workspaces: Workspaces = [], limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:  # noqa: B006 - FastAPI copies it
        rows = actors.all() if not workspaces or WORKSPACE in workspaces else []
        return paged([row.shown for row in rows[offset : offset + limit]], path.strip("/"), limit, offset)

    @router.post(path)
    def create(body: Json) -> dict[str, Any]:
        if not body.get("name") or body.get("workspaceId") != WORKSPACE:
            raise Problem(400, "bad-request", "name and workspaceId are required")
        row = actors.create(body)
        return row.shown if row else {}

    @router.get(f"{path}/{{actor_id}}")
    def get(actor_id: str) -> dict[str, Any]:
        return _found(actors, actor_id).shown

    @router.patch(f"{path}/{{actor_id}}")
    def patch(actor_id: str, body: Json) -> dict[str, Any]:
        _found(actors, actor_id)
        row = actors.patch(actor_id, body)
        return row.shown if row else {}

    @router.delete(f"{path}/{{actor_id}}", status_code=204)
    def delete(actor_id: str) -> Response:
        _found(actors, actor_id)
        actors.delete(actor_id)
        return Response(status_code=204)

    return router


def _found(actors: Actors, actor_id: str) -> Actor:
    actor = actors.find(actor_id)
    if actor is None:
        raise not_found(actors.kind, actor_id)
    return actor
