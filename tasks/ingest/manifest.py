"""What one seal produced, written last and once: the lake holds what its manifests say, and nothing else counts.

Lines that were quarantined and could be sealed later are a supplement: a lake object of its own with a small manifest
beside the first one, also written once. Whoever reads a manifest gets both as one.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from expectations.declare.errors import Misconfigured
from tasks.adapters.object_store import AlreadyThere, NotThere, ObjectStore
from tasks.window import Window

FORMAT = 1
NAME = "manifest.json"
LINES = "lines.jsonl.gz"


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


class Supplement(_Frozen):
    """Lines of a quarantine that were sealed later; `taken` are their landing objects and numbers.

    An entry has no lines of its own (they were counted when they came) and as many quarantined lines less as it has
    rows, so that sums over entries stay those of the manifest.
    """

    format: int = FORMAT
    number: int
    token_key_version: int
    token_form: int = 1
    taken: tuple[tuple[str, int], ...]
    entries: tuple[Entry, ...]


class Manifest(_Frozen):
    """One stream of one finished job, sealed. lines = rows + quarantined.

    `token_form` is the normal form of personal values that the tokens were made of (`tasks.adapters.normal_form.FORM`).
    `left_out` are landing objects that were refused and that a person dismissed.
    """

    format: int = FORMAT
    source: str
    stream: str
    window: Window
    sync_id: int
    token_key_version: int
    token_form: int = 1
    lines: int
    rows: int
    quarantined: int
    objects: tuple[Entry, ...]
    quarantine: Quarantined | None = None
    left_out: tuple[Origin, ...] = ()


def read(store: ObjectStore, folder: str) -> Manifest | None:
    """The manifest of a lake folder with its supplements, if it was sealed."""
    try:
        manifest = Manifest.model_validate_json(_known(store, folder + NAME))
    except NotThere:
        return None
    return _together(manifest, supplements(store, folder)) if manifest.quarantine else manifest


def _known(store: ObjectStore, key: str) -> bytes:
    """The text of a manifest; one in a newer format is refused before its fields are looked at."""
    body = store.get(key)
    found = json.loads(body).get("format", 1)
    if found > FORMAT:
        raise Misconfigured(
            f"a manifest of the lake was written by a newer version (its format is {found}, this one knows {FORMAT})",
            where=key,
            do="Install the newer version; nothing was changed",
        )
    return body


def supplements(store: ObjectStore, folder: str) -> list[Supplement]:
    """What was sealed later of the quarantine of a lake folder, oldest first."""
    found: list[Supplement] = []
    while True:
        try:
            found.append(Supplement.model_validate_json(_known(store, folder + supplement_name(len(found) + 1))))
        except NotThere:
            return found


def supplement_name(number: int) -> str:
    """Name of a supplement's manifest; its objects stand beside it."""
    return f"supplement-{number}.json"


def _together(manifest: Manifest, later: Sequence[Supplement]) -> Manifest:
    entries = [entry for one in later for entry in one.entries]
    gained = sum(entry.rows for entry in entries)
    return manifest.model_copy(
        update={
            "objects": (*manifest.objects, *entries),
            "rows": manifest.rows + gained,
            "quarantined": manifest.quarantined - gained,
        }
    )


def add_once(store: ObjectStore, folder: str, supplement: Supplement) -> None:
    """Write a supplement's manifest unless another process was first; then that one counts."""
    body = supplement.model_dump_json(indent=1).encode()
    with contextlib.suppress(AlreadyThere):
        store.put(
            folder + supplement_name(supplement.number), body, content_type="application/json", only_if_absent=True
        )


def write_once(store: ObjectStore, folder: str, manifest: Manifest) -> Manifest:
    """Write the manifest unless there is one, and return the one that counts: of two seals the first."""
    body = manifest.model_dump_json(indent=1).encode()
    try:
        store.put(folder + NAME, body, content_type="application/json", only_if_absent=True)
    except AlreadyThere:
        return Manifest.model_validate_json(_known(store, folder + NAME))
    return manifest
