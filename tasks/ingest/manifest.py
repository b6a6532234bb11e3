"""What one seal produced, written last and once: the lake holds what its manifests say, and nothing else counts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from tasks.adapters.object_store import AlreadyThere, NotThere, ObjectStore
from tasks.window import Window

NAME = "manifest.json"
QUARANTINE = "quarantine.jsonl.gz"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Origin(_Frozen):
    """The landing object that a lake object was made from."""

    key: str
    etag: str
    bytes: int


class Entry(_Frozen):
    """One lake object; `content` is a checksum of its payloads that does not depend on their order."""

    key: str
    etag: str
    bytes: int
    sha256: str
    lines: int
    rows: int
    quarantined: int
    content: str
    landing: Origin


class Quarantined(_Frozen):
    """The object with all refused lines of this seal: gz JSONL of object, line, reason, place and the line."""

    key: str
    etag: str
    rows: int


class Manifest(_Frozen):
    """One stream of one finished job, sealed. lines = rows + quarantined."""

    format: int = 1
    source: str
    stream: str
    window: Window
    sync_id: int
    token_key_version: int
    lines: int
    rows: int
    quarantined: int
    objects: tuple[Entry, ...]
    quarantine: Quarantined | None = None


def read(store: ObjectStore, folder: str) -> Manifest | None:
    """The manifest of a lake folder, if it was sealed."""
    try:
        return Manifest.model_validate_json(store.get(folder + NAME))
    except NotThere:
        return None


def write_once(store: ObjectStore, folder: str, manifest: Manifest) -> Manifest:
    """Write the manifest unless there is one, and return the one that counts: of two seals the first."""
    body = manifest.model_dump_json(indent=1).encode()
    try:
        store.put(folder + NAME, body, content_type="application/json", only_if_absent=True)
    except AlreadyThere:
        return Manifest.model_validate_json(store.get(folder + NAME))
    return manifest
