"""Bring the connections of Airbyte to what the declarations say: first a plan in words, then the change.

Sources hold credentials, so they are made by a person in Airbyte; the plan says which are missing. A second apply
has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from expectations.declare.errors import Misconfigured
from expectations.declare.source import Source
from tasks import doors
from tasks.adapters.airbyte import Airbyte, StreamSchema
from tasks.adapters.airbyte_workspace import Actor
from tasks.ingest import wanted
from tasks.ingest.wanted import Body, WantedConnection
from tasks.settings import settings

Kind = Literal["destination", "connection"]


@dataclass(frozen=True)
class Difference:
    """One field: what it is in Airbyte (empty: not there yet) and what it should be."""

    name: str
    now: str
    then: str


@dataclass(frozen=True)
class Step:
    """Something to create (no id yet) or to change; `body` is what is sent, credentials included."""

    kind: Kind
    name: str
    id: str
    differences: tuple[Difference, ...]
    body: Body = field(repr=False)


@dataclass(frozen=True)
class Plan:
    """What `apply` does, in order, and what only a person can do."""

    steps: tuple[Step, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class _Airbyte:
    """What stands in the workspace now."""

    sources: Mapping[str, Actor]
    destinations: Mapping[str, Actor]
    connections: tuple[Body, ...]

    def connection(self, name: str, configured: str) -> Body | None:
        """A connection by the id of the settings, else by its name."""
        mine = [c for c in self.connections if (c["connectionId"] == configured if configured else c["name"] == name)]
        if len(mine) > 1:
            raise Misconfigured(f"{len(mine)} Airbyte connections are called {name}", do="Rename all but one")
        return mine[0] if mine else None


def plan(sources: Mapping[str, Source]) -> Plan:
    """Compare the workspace with the declarations; `Misconfigured` where two connections would share a path."""
    airbyte, chosen = doors.airbyte(), wanted.connections(sources)
    there = _read(airbyte)
    _refuse_shared_paths(airbyte, there, chosen)
    steps, missing = list[Step](), list[str]()
    for connection in chosen:
        known = there.connection(connection.name, airbyte.configured(connection.name))
        source = _source_of(connection, known, there)
        if isinstance(source, str):
            missing.append(source)
            continue
        steps += _destination_steps(connection, known, there)
        offered = {schema.name: schema for schema in airbyte.streams_of(source.id)}
        missing += _not_offered(connection, offered)
        steps += _connection_steps(connection, known, source, offered)
    return Plan(tuple(steps), tuple(missing))


def apply(found: Plan) -> None:
    """Make the changes of a plan: destinations before the connections that need them."""
    workspace = doors.airbyte().workspace
    for step in sorted(found.steps, key=lambda step: step.kind == "connection"):
        if step.id:
            workspace.change(step.kind, step.id, step.body)
        elif step.kind == "destination":
            workspace.create("destination", step.body)
        else:
            destination = workspace.actors("destination")[step.name]
            workspace.create("connection", {**step.body, "destinationId": destination.id})


def _read(airbyte: Airbyte) -> _Airbyte:
    workspace = airbyte.workspace
    return _Airbyte(workspace.actors("source"), workspace.actors("destination"), tuple(workspace.all("connection")))


def _source_of(connection: WantedConnection, known: Body | None, there: _Airbyte) -> Actor | str:
    """The source of a connection, or the words that ask for it."""
    by_id = {actor.id: actor for actor in there.sources.values()}
    source = by_id.get(str(known["sourceId"])) if known else there.sources.get(connection.name)
    declared = connection.source.airbyte
    if source is None:
        return (
            f"the source {connection.name}: create it in Airbyte with the connector {declared.definition} and the "
            f"credentials that are kept under the name {declared.secret}"
        )
    return source


def _not_offered(connection: WantedConnection, offered: Mapping[str, StreamSchema]) -> Iterator[str]:
    for name, stream in connection.source.streams.items():
        if offered and name not in offered:
            yield f"the stream {name}: the source of the connection {connection.name} does not offer it"
        elif name in offered and offered[name].sync_modes and stream.sync not in offered[name].sync_modes:
            yield f"the sync mode {stream.sync} of {connection.name}.{name}: its source does not offer it"


def _destination_steps(connection: WantedConnection, known: Body | None, there: _Airbyte) -> Iterator[Step]:
    by_id = {actor.id: actor for actor in there.destinations.values()}
    now = by_id.get(str(known["destinationId"])) if known else there.destinations.get(connection.name)
    target = wanted.destination(connection, settings().s3)
    if now is None:
        body = {"name": target.name, "configuration": {**target.configuration, **target.secrets}}
        yield Step("destination", target.name, "", tuple(_differences({}, target.configuration)), body)
        return
    found = tuple(_differences(now.configuration, target.configuration))
    if found:
        changed = {d.name: target.configuration[d.name] for d in found}
        yield Step("destination", now.name, now.id, found, {"configuration": changed})


def _connection_steps(
    connection: WantedConnection, known: Body | None, source: Actor, offered: Mapping[str, StreamSchema]
) -> Iterator[Step]:
    listed: list[Body] = ((known or {}).get("configurations") or {}).get("streams") or []
    streams = connection.streams(offered, listed)
    target = {**connection.body, **{f"stream {item['name']}": _shown(item) for item in streams}}
    if known is None:
        body = {**connection.body, "name": connection.name, "sourceId": source.id}
        body["configurations"] = {"streams": streams}
        yield Step("connection", connection.name, "", tuple(_differences({}, target)), body)
        return
    now = {**known, **{f"stream {item['name']}": _shown(item, like=streams) for item in listed}}
    gone = [
        Difference(f"stream {n}", "on", "off") for n in (str(i["name"]) for i in listed) if f"stream {n}" not in target
    ]
    found = (*_differences(now, target), *gone)
    if found:
        fields = {d.name: connection.body[d.name] for d in found if d.name in connection.body}
        chosen = {"configurations": {"streams": streams}} if len(fields) < len(found) else {}
        yield Step("connection", str(known["name"]), str(known["connectionId"]), found, {**fields, **chosen})


def _shown(stream: Body, *, like: list[Body] | None = None) -> Body:
    """Mode, cursor and key of a stream; of a stream in Airbyte only those that are ours to decide."""
    keys: tuple[str, ...] = ("syncMode", "cursorField", "primaryKey")
    if like is not None:
        ours = next((item for item in like if item["name"] == stream["name"]), {})
        keys = tuple(key for key in keys if key in ours)
    return {key: stream[key] for key in keys if key in stream}


def _differences(now: Mapping[str, Any], then: Mapping[str, Any]) -> Iterator[Difference]:
    for name, value in then.items():
        if now.get(name) != value:
            yield Difference(name, _words(now[name]) if name in now else "", _words(value))


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_words(item)}" for key, item in value.items())
    if isinstance(value, list):
        return "[" + ", ".join(_words(item) for item in value) + "]"
    return str(value)


def _refuse_shared_paths(airbyte: Airbyte, there: _Airbyte, chosen: list[WantedConnection]) -> None:
    """Two connections on one path, or one below the other, delete each other's objects."""
    bucket = settings().s3.bucket
    configured = {airbyte.configured(connection.name) for connection in chosen} - {""}
    ours = {connection.name: f"{bucket}/{connection.path}" for connection in chosen}
    by_id = {actor.id: actor for actor in there.destinations.values()}
    places = list(ours.items())
    for item in there.connections:
        found = by_id.get(str(item.get("destinationId")))
        if item["name"] not in ours and item["connectionId"] not in configured and found:
            config = found.configuration
            places.append((str(item["name"]), f"{config.get('s3_bucket_name')}/{config.get('s3_bucket_path', '')}"))
    _refuse_shared_destinations(there, ours)
    for name, path in places:
        inside = [
            other for other, its in places if other != name and f"{path.strip('/')}/".startswith(f"{its.strip('/')}/")
        ]
        if inside:
            raise Misconfigured(
                f"the Airbyte connections {name} and {inside[0]} would write below the same path",
                where=path,
                do=f"Give one of them a path of its own: a sync of {inside[0]} deletes what {name} wrote",
            )


def _refuse_shared_destinations(there: _Airbyte, ours: Mapping[str, str]) -> None:
    used: dict[str, str] = {}
    for item in there.connections:
        other = used.setdefault(str(item.get("destinationId")), str(item["name"]))
        if other != item["name"] and ({other, str(item["name"])} & ours.keys()):
            raise Misconfigured(
                f"the Airbyte connections {other} and {item['name']} share one destination",
                do="Give each connection a destination of its own; its path belongs to the destination",
            )
