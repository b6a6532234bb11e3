"""Connections: one per declared source, and what was edited over the API on top of that."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

from deployments.local.airbyte.catalog import WORKSPACE, Catalog, StreamSpec, identity, source_of
from deployments.local.airbyte.state import State
from deployments.local.airbyte.switches import Switches

_CREATED_AT = 1_760_000_000
# Order of keys: the API answers in this shape.
_EDITABLE = (
    "name", "status", "schedule", "configurations", "nonBreakingSchemaUpdatesBehavior", "prefix", "tags",
    "namespaceDefinition", "namespaceFormat",
)  # fmt: skip


@dataclass(frozen=True)
class ConnectionRow:
    """A connection with its source and the streams that it moves; `body` is its JSON."""

    id: str
    source: str
    streams: tuple[StreamSpec, ...]
    body: dict[str, Any]

    @property
    def name(self) -> str:
        """Its name; the objects go to `landing/<name>/`."""
        return str(self.body["name"])

    @property
    def is_active(self) -> bool:
        """Whether it may start a job."""
        return bool(self.body["status"] == "active")


class Connections:
    """All connections of the workspace."""

    def __init__(self, catalog: Catalog, state: State, switches: Switches) -> None:
        self.catalog, self._state, self._switches = catalog, state, switches

    def all(self) -> list[ConnectionRow]:
        """Every connection that is not deleted: declared ones first, then created ones."""
        edits = self._state.edits()
        declared = {identity("connection", source): source for source in self.catalog}
        created = {key: str(body["source"]) for key, body in edits.items() if key not in declared}
        rows = [self._row(key, source, edits.get(key, {})) for key, source in {**declared, **created}.items()]
        return [row for row in rows if row.body["status"] != "deprecated"]

    def find(self, connection_id: str) -> ConnectionRow | None:
        """The connection with this id."""
        return next((row for row in self.all() if row.id == connection_id), None)

    def create(self, body: dict[str, Any]) -> ConnectionRow | None:
        """A new connection for an existing source; None when there is no such source."""
        source = source_of(self.catalog, str(body.get("sourceId", "")))
        if not source:
            return None
        connection_id = str(uuid.uuid4())
        edited = {key: body[key] for key in _EDITABLE if body.get(key) is not None}
        self._state.edit(connection_id, {"name": source, **edited, "source": source, "createdAt": int(time.time())})
        return self.find(connection_id)

    def patch(self, connection_id: str, body: dict[str, Any]) -> ConnectionRow | None:
        """Change the given fields only."""
        self._state.edit(connection_id, {key: body[key] for key in _EDITABLE if key in body})
        return self.find(connection_id)

    def delete(self, connection_id: str) -> None:
        """Delete a connection; its objects stay."""
        self._state.edit(connection_id, {"status": "deprecated"})

    def _row(self, connection_id: str, source: str, edits: dict[str, Any]) -> ConnectionRow:
        offered = self.catalog.get(source, ())
        chosen = {item["name"] for item in (edits.get("configurations") or {}).get("streams") or ()}
        streams = tuple(spec for spec in offered if not chosen or spec.name in chosen)
        body = {**_defaults(connection_id, source, streams), **edits}
        body.pop("source", None)
        broken = self._switches.on("breaking_change", source)
        if broken and body["status"] == "active":
            body |= {"status": "inactive", "statusReason": broken.parameters.get("reason", "breaking schema change")}
        return ConnectionRow(connection_id, source, streams, body)


def _defaults(connection_id: str, source: str, streams: tuple[StreamSpec, ...]) -> dict[str, Any]:
    return {
        "connectionId": connection_id,
        "name": source,
        "sourceId": identity("source", source),
        "destinationId": identity("destination", source),
        "workspaceId": WORKSPACE,
        "status": "active",
        "statusReason": None,
        "schedule": {"scheduleType": "manual"},
        "dataResidency": "auto",
        "nonBreakingSchemaUpdatesBehavior": "ignore",
        "namespaceDefinition": "destination",
        "namespaceFormat": None,
        "prefix": "",
        "createdAt": _CREATED_AT,
        "tags": [],
        "configurations": {"streams": [_configured(spec) for spec in streams]},
    }


def _configured(spec: StreamSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "syncMode": spec.sync,
        "cursorField": [spec.cursor] if spec.cursor else [],
        "primaryKey": [[name] for name in spec.key],
        "mappers": [],
    }
