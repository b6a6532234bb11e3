"""Connections: two per declared source (daily, backfill), and what was edited over the API on top of that."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from deployments.local.airbyte.actors import BACKFILL, Actor, Actors, asked_days, bucket_path
from deployments.local.airbyte.catalog import WORKSPACE, Catalog, StreamSpec, described, identity
from deployments.local.airbyte.state import State
from deployments.local.airbyte.switches import Switches, reporting_day

_CREATED_AT = 1_760_000_000
_Known = Mapping[str, Actor]
_ENDS = ("sourceId", "destinationId")
# Order of keys: the API answers in this shape.
_EDITABLE = (
    "name", "status", "schedule", "configurations", "nonBreakingSchemaUpdatesBehavior", "prefix", "tags",
    "namespaceDefinition", "namespaceFormat",
)  # fmt: skip


@dataclass(frozen=True)
class ConnectionRow:
    """A connection with the system it reads and the streams that it moves; `body` is its JSON.

    Its objects go below `path`; `days` is the range its source is configured for, None where its state decides.
    """

    id: str
    source: str
    streams: tuple[StreamSpec, ...]
    body: dict[str, Any]
    path: str
    days: tuple[date, date] | None = None

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["name"])

    @property
    def is_active(self) -> bool:
        """Whether it may start a job."""
        return bool(self.body["status"] == "active")


class Connections:
    """All connections of the workspace."""

    def __init__(
        self, catalog: Catalog, state: State, switches: Switches, bucket: Mapping[str, str] | None = None
    ) -> None:
        self.catalog, self._state, self._switches = catalog, state, switches
        self.sources = Actors("source", catalog, state)
        self.destinations = Actors("destination", catalog, state, bucket)

    def all(self) -> list[ConnectionRow]:
        """Every connection that is not deleted: declared ones first, then created ones."""
        edits = self._state.edits()
        names = [*self.catalog, *(f"{name}{BACKFILL}" for name in self.catalog)]
        declared = {identity("connection", name): name for name in names}
        created = {key: str(body["name"]) for key, body in edits.items() if key not in declared}
        sources = {actor.id: actor for actor in self.sources.all()}
        destinations = {actor.id: actor for actor in self.destinations.all()}
        named = {**declared, **created}.items()
        rows = [self._row(_body(key, name, edits.get(key, {})), sources, destinations) for key, name in named]
        there = [row for row in rows if row.body["status"] != "deprecated"]
        if self._switches.on("breaking_change"):
            self._break(there)
        return there

    def bodies(self) -> list[dict[str, Any]]:
        """The JSON of all connections; those of other teams stand before them where that switch is on."""
        crowd = self._switches.on("crowded_workspace")
        others = int(crowd.number("connections", 120)) if crowd else 0
        named = [{"connectionId": identity("other", str(n)), "name": f"other_{n}"} for n in range(others)]
        mine = [row.body for row in self.all()]
        return [{**mine[0], **body} for body in named] + mine

    def offered(self, source_id: str) -> list[StreamSpec] | None:
        """The streams of a source as it describes them today, faults of its records included; None: no such source."""
        source = self.sources.find(source_id)
        if source is None:
            return None
        day = reporting_day(self._state.now())
        return [self._as_of(source.system, spec, day) for spec in self.catalog.get(source.system, ())]

    def _as_of(self, system: str, spec: StreamSpec, day: date) -> StreamSpec:
        for fault in self._switches.of_records(system, spec.name, day):
            spec = described(spec, fault)
        return spec

    def find(self, connection_id: str) -> ConnectionRow | None:
        """The connection with this id."""
        return next((row for row in self.all() if row.id == connection_id), None)

    def create(self, body: dict[str, Any]) -> ConnectionRow | None:
        """A new connection for an existing source; None when there is no such source."""
        source = self.sources.find(str(body.get("sourceId", "")))
        if source is None or not source.system:
            return None
        connection_id = str(uuid.uuid4())
        edited = {key: body[key] for key in (*_ENDS, *_EDITABLE) if body.get(key) is not None}
        self._state.edit(connection_id, {"name": source.body["name"], **edited, "createdAt": int(time.time())})
        return self.find(connection_id)

    def patch(self, connection_id: str, body: dict[str, Any]) -> ConnectionRow | None:
        """Change the given fields only."""
        self._state.edit(connection_id, {key: body[key] for key in _EDITABLE if key in body})
        return self.find(connection_id)

    def delete(self, connection_id: str) -> None:
        """Delete a connection; its objects stay."""
        self._state.edit(connection_id, {"status": "deprecated"})

    def _break(self, rows: list[ConnectionRow]) -> None:
        for row in rows:
            broken = self._switches.on("breaking_change", row.source)
            if broken and row.is_active:
                reason = broken.parameters.get("reason", "breaking schema change")
                row.body.update(status="inactive", statusReason=reason)

    def _row(self, body: dict[str, Any], sources: _Known, destinations: _Known) -> ConnectionRow:
        source, destination = sources.get(body["sourceId"]), destinations.get(body["destinationId"])
        system = source.system if source else ""
        offered = self.catalog.get(system, ())
        configured = body.setdefault("configurations", {"streams": [_configured(spec) for spec in offered]})
        chosen = {item["name"] for item in configured.get("streams") or ()}
        streams = tuple(spec for spec in offered if not chosen or spec.name in chosen)
        path = str(destination.configuration["s3_bucket_path"]) if destination else bucket_path(body["name"])
        return ConnectionRow(body["connectionId"], system, streams, body, path, asked_days(source))


def _body(connection_id: str, name: str, edits: dict[str, Any]) -> dict[str, Any]:
    return {
        "connectionId": connection_id,
        "name": name,
        "sourceId": identity("source", name),
        "destinationId": identity("destination", name),
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
        **edits,
    }


def _configured(spec: StreamSpec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "syncMode": spec.sync,
        "cursorField": [spec.cursor] if spec.cursor else [],
        "primaryKey": [[name] for name in spec.key],
        "mappers": [],
    }
