"""Sources, destinations and connections of a workspace: read, created and changed.

These go around the SDK: it puts a configuration into the first of its 600 models that fits and sends the defaults
of that one along, which would change what it was not asked to change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters.airbyte_requests import Requests
from tasks.adapters.airbyte_sdk import Payload, Unclear

Kind = Literal["source", "destination", "connection"]


@dataclass(frozen=True)
class Actor:
    """A source or a destination; secrets in its configuration are masked by the server."""

    id: str
    name: str
    type: str
    configuration: Mapping[str, Any] = field(repr=False)

    @classmethod
    def read(cls, kind: Kind, item: Payload) -> Actor:
        """From the JSON of the API."""
        name, found = str(item.get("name") or ""), item.get(f"{kind}Type") or item.get("definitionId") or ""
        return cls(str(item[f"{kind}Id"]), name, str(found), dict(item.get("configuration") or {}))


class Workspace:
    """One workspace of a server; without an id the only one that the application may see."""

    def __init__(self, requests: Requests, workspace_id: str) -> None:
        self._requests, self._workspace_id = requests, workspace_id

    @property
    def id(self) -> str:
        """The id from the settings, else that of the only workspace there is."""
        if not self._workspace_id:
            found = [str(item["workspaceId"]) for item in self._requests.paged("/workspaces")]
            if len(found) != 1:
                raise Misconfigured(
                    f"the application sees {len(found)} Airbyte workspaces", do="Set PLUMBLINE_AIRBYTE_WORKSPACE_ID"
                )
            self._workspace_id = found[0]
        return self._workspace_id

    def all(self, kind: Kind) -> list[Payload]:
        """Every source, destination or connection as the API tells it."""
        chosen = {"workspaceIds": self._workspace_id} if self._workspace_id else {}
        return list(self._requests.paged(f"/{kind}s", **chosen))

    def actors(self, kind: Kind) -> dict[str, Actor]:
        """Sources or destinations by name; `Misconfigured` where two have one name."""
        found = [Actor.read(kind, item) for item in self.all(kind)]
        named = {actor.name: actor for actor in found}
        if twice := sorted({a.name for a in found if named[a.name].id != a.id}):
            raise Misconfigured(f"two Airbyte {kind}s are called {twice[0]}", do="Rename one of them in Airbyte")
        return named

    def create(self, kind: Kind, body: Mapping[str, object]) -> Payload:
        """Create one. After an unclear answer it is looked for by its name, so a repeat makes no second one."""
        sent = {**body, "workspaceId": self.id} if kind != "connection" else dict(body)
        try:
            return self._requests.post(f"/{kind}s", sent)
        except Unclear as error:
            made = [item for item in self.all(kind) if item.get("name") == body.get("name")]
            if made:
                return made[0]
            raise Unavailable(
                f"Airbyte did not say whether the {kind} {body.get('name')} was created",
                do="Run the command again: it creates what is missing",
            ) from error

    def change(self, kind: Kind, thing_id: str, body: Mapping[str, object]) -> Payload:
        """Change the given fields; a configuration is merged with what is there."""
        return self._requests.patch(f"/{kind}s/{thing_id}", body)

    def configure(self, source_id: str, configuration: Mapping[str, str]) -> None:
        """Set these keys of a source, and read them back: a range that was not taken must not be extracted."""
        self.change("source", source_id, {"configuration": dict(configuration)})
        now = Actor.read("source", self._requests.read(self._requests.client.plain("GET", f"/sources/{source_id}")))
        kept = {key: str(now.configuration.get(key)) for key in configuration}
        if kept != dict(configuration):
            raise Misconfigured(
                f"the Airbyte source {now.name!r} did not take its range of days: {kept}",
                where=f"asked for {dict(configuration)}",
                do="Correct `airbyte.days` in the declaration: the names its connector has for the first and last day",
            )
