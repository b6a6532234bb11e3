"""Sources and destinations: two of each per declared system (daily and backfill), and what was edited over the API.

A configuration is merged on PATCH, as the platform does, and secrets never leave the server again.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from deployments.local.airbyte.catalog import WORKSPACE, Catalog, connector, identity
from deployments.local.airbyte.state import State

BACKFILL = "-backfill"
Kind = Literal["source", "destination"]
_CREATED_AT = 1_760_000_000
_SECRET = ("secret", "password", "token", "key_id", "access_key", "credentials")
_PATH_FORMAT = "${STREAM_NAME}/${YEAR}/${MONTH}/${DAY}/"
_FILE_PATTERN = "{sync_id}_{part_number}_{timestamp:millis}{format_extension}"


@dataclass(frozen=True)
class Actor:
    """A source or a destination; `system` is the simulated system that a source reads (empty: none)."""

    id: str
    kind: Kind
    system: str
    body: dict[str, Any]

    @property
    def configuration(self) -> dict[str, Any]:
        """Its settings, secrets included."""
        return dict(self.body["configuration"])

    @property
    def shown(self) -> dict[str, Any]:
        """Its JSON with secrets masked."""
        hidden = {key: "**********" if _is_secret(key) else value for key, value in self.configuration.items()}
        return {**self.body, "configuration": hidden}


class Actors:
    """All sources or all destinations of the workspace."""

    def __init__(self, kind: Kind, catalog: Catalog, state: State, usual: Mapping[str, str] | None = None) -> None:
        self.kind, self._catalog, self._state, self._given = kind, catalog, state, dict(usual or {})

    def all(self) -> list[Actor]:
        """Every one that is not deleted: declared ones first, then created ones."""
        edits: dict[str, dict[str, Any]] = self._state.get(self._store, {})
        declared = {identity(self.kind, name): name for name in self._names()}
        created = {key: str(body["name"]) for key, body in edits.items() if key not in declared}
        known = {**declared, **created}.items()
        rows = (self._actor(key, name, edits.get(key, {})) for key, name in known)
        return [row for row in rows if not row.body.get("deleted")]

    def find(self, actor_id: str) -> Actor | None:
        """The one with this id."""
        return next((actor for actor in self.all() if actor.id == actor_id), None)

    def create(self, body: dict[str, Any]) -> Actor | None:
        """A new one from its name and configuration."""
        actor_id = str(uuid.uuid4())
        self._edit(actor_id, {"name": str(body["name"]), "createdAt": int(time.time())}, body.get("configuration"))
        return self.find(actor_id)

    def patch(self, actor_id: str, body: dict[str, Any]) -> Actor | None:
        """Change the given fields; the configuration is merged with what is there."""
        self._edit(actor_id, {"name": body["name"]} if body.get("name") else {}, body.get("configuration"))
        return self.find(actor_id)

    def delete(self, actor_id: str) -> None:
        """Delete it; connections that use it stay as they are."""
        self._edit(actor_id, {"deleted": True}, None)

    @property
    def _store(self) -> str:
        return f"{self.kind}s"

    def _names(self) -> Iterator[str]:
        yield from self._catalog
        yield from (f"{name}{BACKFILL}" for name in self._catalog)

    def _edit(self, actor_id: str, changes: dict[str, Any], configuration: dict[str, Any] | None) -> None:
        with self._state.lock:
            edits: dict[str, dict[str, Any]] = self._state.get(self._store, {})
            mine = edits.get(actor_id, {})
            merged = {**mine.get("configuration", {}), **(configuration or {})}
            self._state.put(self._store, {**edits, actor_id: {**mine, **changes, "configuration": merged}})

    def _actor(self, actor_id: str, name: str, edits: dict[str, Any]) -> Actor:
        given = {key: value for key, value in edits.items() if key != "configuration"}
        name = str(given.get("name", name))
        system = name.removesuffix(BACKFILL)
        system = system if system in self._catalog else ""
        usual = self._usual(name) if actor_id == identity(self.kind, name) else {}
        configuration = {**usual, **edits.get("configuration", {})}
        kind = str(configuration.get(f"{self.kind}Type") or (system if self.kind == "source" else "s3"))
        body = {
            f"{self.kind}Id": actor_id,
            "name": name,
            f"{self.kind}Type": kind,
            "definitionId": identity("definition", kind),
            "workspaceId": WORKSPACE,
            "configuration": configuration,
            "createdAt": _CREATED_AT,
            **given,
        }
        return Actor(actor_id, self.kind, system, body)

    def _usual(self, name: str) -> dict[str, Any]:
        """What a declared one is configured with from the beginning."""
        if self.kind == "source":
            return {"sourceType": connector(name.removesuffix(BACKFILL))}
        return {
            "destinationType": "s3",
            **self._given,
            "s3_bucket_path": bucket_path(name),
            "s3_path_format": _PATH_FORMAT,
            "file_name_pattern": _FILE_PATTERN,
            "format": {
                "format_type": "JSONL",
                "compression": {"compression_type": "GZIP"},
                "flattening": "No flattening",
            },
        }


def bucket_path(name: str) -> str:
    """`landing/meta_ads`, and `landing/backfill/meta_ads` for `meta_ads-backfill`."""
    system = name.removesuffix(BACKFILL)
    return f"landing/{system}" if system == name else f"landing/backfill/{system}"


def asked_days(source: Actor | None) -> tuple[date, date] | None:
    """The range of days that a source is configured for (both ends included); None: no range, its state decides."""
    configured = source.configuration if source else {}
    found: dict[str, date] = {}
    for key, value in configured.items():
        for end in ("start_date", "end_date"):
            if key.endswith(end) and value:
                found[end] = date.fromisoformat(str(value)[:10])
    return (found["start_date"], found["end_date"]) if len(found) == 2 else None


def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET)
