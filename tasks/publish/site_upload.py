"""Share the site where its readers are: changed files only, to a prefix of the bucket, each as what it is.

A list of what was shared lies beside the pages in the bucket and is written last, so that a run that dies is repeated
in part, and a file that another run shared meanwhile is at worst sent twice. Great Expectations has no store for S3.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks import doors
from tasks.adapters.object_store import NotThere, ObjectStore
from tasks.outcomes import recorded
from tasks.publish.site_types import content_type
from tasks.settings import settings

SHARED = ".shared.json"  # in the bucket: path to hash of everything that is there
_HASHES = "site-hashes.json"  # in the home: path to size, time and hash, so that a file is hashed once


@dataclass(frozen=True)
class Shared:
    """What one sharing did: files sent, removed, and left as they were; bytes sent."""

    sent: int
    removed: int
    same: int
    bytes: int


@recorded
def share_site() -> Shared:
    """Send what changed below `<home>/site` to `PLUMBLINE_SITE_PREFIX`; raises `Unavailable` and can be run again."""
    site, prefix, store = settings().home / "site", settings().core.site_prefix.strip("/"), doors.object_store()
    now, before = _hashes(site), _shared(store, f"{prefix}/{SHARED}")
    changed = [name for name in _leaves_first(now) if before.get(name) != now[name]]
    for name in changed:
        store.put(f"{prefix}/{name}", site / name, content_type=content_type(name))
    gone = sorted(before.keys() - now.keys())
    store.delete(f"{prefix}/{name}" for name in gone)
    if changed or gone:
        store.put(f"{prefix}/{SHARED}", json.dumps(now).encode(), content_type=content_type(SHARED))
    size = sum((site / name).stat().st_size for name in changed)
    return Shared(len(changed), len(gone), len(now) - len(changed), size)


def _leaves_first(names: Mapping[str, str]) -> list[str]:
    """An index comes after the pages that it leads to."""
    return sorted(names, key=lambda name: (name.endswith("index.html"), -name.count("/"), name))


def _shared(store: ObjectStore, key: str) -> dict[str, str]:
    try:
        found: dict[str, str] = json.loads(store.get(key))
    except NotThere:
        return {}
    return found


def _hashes(site: Path) -> dict[str, str]:
    memory = site.parent / _HASHES
    known: dict[str, list[str]] = json.loads(memory.read_text()) if memory.exists() else {}
    found = {str(path.relative_to(site)): _known(path, known.get(str(path.relative_to(site)))) for path in _files(site)}
    memory.write_text(json.dumps(found))
    return {name: hashed for name, (_, hashed) in found.items()}


def _known(path: Path, before: list[str] | None) -> tuple[str, str]:
    """The state of a file and its hash; hashed again only where its size or time is another."""
    at = path.stat()
    state = f"{at.st_size}-{at.st_mtime_ns}"
    if before and before[0] == state:
        return state, before[1]
    return state, hashlib.sha256(path.read_bytes()).hexdigest()


def _files(site: Path) -> Iterator[Path]:
    """Pages and assets: drafts and marks begin with a point, and stay."""
    return (path for path in site.rglob("*") if path.is_file() and not path.name.startswith("."))
