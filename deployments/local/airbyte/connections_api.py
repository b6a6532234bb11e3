"""The connection half of the public API: connections, discovered streams, health."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response
from fastapi.responses import PlainTextResponse

from deployments.local.airbyte.catalog import WORKSPACE, StreamSpec
from deployments.local.airbyte.connections import ConnectionRow, Connections
from deployments.local.airbyte.jobs_api import Limit, Offset, paged
from deployments.local.airbyte.problems import not_found

Json = Annotated[dict[str, Any], Body()]
Workspaces = Annotated[list[str], Query(alias="workspaceIds")]


def routes(connections: Connections) -> APIRouter:
    """The routes under /connections and /streams."""
    router = APIRouter()

    @router.get("/connections")
    def list_connections(workspaces: Workspaces = [], limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:  # noqa: B006 - FastAPI copies it
        bodies = connections.bodies() if not workspaces or WORKSPACE in workspaces else []
        return paged(bodies[offset : offset + limit], "connections", limit, offset)

    @router.post("/connections")
    def create_connection(body: Json) -> dict[str, Any]:
        row = connections.create(body)
        if row is None:
            raise not_found("source", body.get("sourceId"))
        return row.body

    @router.get("/connections/{connection_id}")
    def get_connection(connection_id: str) -> dict[str, Any]:
        return _found(connections, connection_id).body

    @router.patch("/connections/{connection_id}")
    def patch_connection(connection_id: str, body: Json) -> dict[str, Any]:
        _found(connections, connection_id)
        row = connections.patch(connection_id, body)
        return row.body if row else {}

    @router.delete("/connections/{connection_id}", status_code=204)
    def delete_connection(connection_id: str) -> Response:
        _found(connections, connection_id)
        connections.delete(connection_id)
        return Response(status_code=204)

    @router.get("/workspaces")
    def list_workspaces(limit: Limit = 20, offset: Offset = 0) -> dict[str, Any]:
        only = {"workspaceId": WORKSPACE, "name": "BrightCart", "dataResidency": "auto", "notifications": {}}
        return paged([only][offset:], "workspaces", limit, offset)

    @router.get("/streams")
    def streams(sourceId: str) -> list[dict[str, Any]]:  # noqa: N803 - the name on the wire
        offered = connections.offered(sourceId)
        if offered is None:
            raise not_found("source", sourceId)
        return [_discovered(spec) for spec in offered]

    return router


def health() -> APIRouter:
    """`GET /health`, which needs no token."""
    router = APIRouter()

    @router.get("/health")
    def health_check() -> PlainTextResponse:
        return PlainTextResponse("Successful operation")

    return router


def _found(connections: Connections, connection_id: str) -> ConnectionRow:
    row = connections.find(connection_id)
    if row is None:
        raise not_found("connection", connection_id)
    return row


def _discovered(spec: StreamSpec) -> dict[str, Any]:
    modes = ["full_refresh_overwrite", "full_refresh_append", *(["incremental_append"] if spec.cursor else [])]
    return {
        "streamName": spec.name,
        "syncModes": modes,
        "defaultCursorField": [spec.cursor] if spec.cursor else [],
        "sourceDefinedCursorField": bool(spec.cursor),
        "sourceDefinedPrimaryKey": [[name] for name in spec.key],
        "propertyFields": [[name] for name in spec.fields],
    }
