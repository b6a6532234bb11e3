"""Let people read what passed, all of it at once, and nothing of what did not.

Embedded: one Parquet per mart in a release folder, then one symlink moves (`published/current`). A reader
that resolves the link once sees one release. A held window changes nothing but `published/held.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from prefect import task

from expectations.declare.source import names
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.durable import sync_to_disk
from tasks.adapters.ops_plans import OpsPlans
from tasks.adapters.ops_plans import told as promoted
from tasks.adapters.ops_store import ReleaseRow
from tasks.adapters.warehouse.base import Warehouse
from tasks.operate.memory import refuse_lost
from tasks.outcomes import recorded
from tasks.publish.gate import Gate, gate
from tasks.publish.provenance import Provenance, provenance
from tasks.settings import settings
from tasks.window import Window


@dataclass(frozen=True)
class Release:
    """What became of an attempt to publish; `folder` is None where it was held."""

    id: str
    window: Window
    state: Literal["provisional", "final"]
    held: bool
    because: tuple[str, ...]
    folder: Path | None
    rows: int
    reused: bool = False


@task(task_run_name="publish {state} {window.label}")
@recorded
def publish(window: Window, state: Literal["provisional", "final"], verdicts: Sequence[Verdict]) -> Release:
    """Swap `published/current` to a new release, or hold it where a critical check did not pass or a person holds.

    Publishing the same inputs again returns the release that is there.
    """
    way = gate(window, verdicts)
    with doors.warehouse() as warehouse:
        for source in names():
            refuse_lost(warehouse, source)
        facts = provenance(warehouse, window)
        identity = _fingerprint(facts, state, way)
        if way.reasons:
            return _hold(window, state, identity, way)
        if (same := _already_published(window, identity)) is not None:
            _settle(window, release_notes() or {})
            return same
        body = {**_describe(window, state, verdicts, facts, identity), "overrides": way.told}
        folder = _write(warehouse, body)
        # Under the lock: of two releases, readers must be left with the one that was written last.
        _swap(folder)
        _settle(window, body)
        _forget_old_releases()
    return Release(body["id"], window, state, held=False, because=(), folder=folder, rows=sum(body["rows"].values()))


def published() -> Path | None:
    """The folder of the release that readers see, resolved once."""
    current = settings().home / "published" / "current"
    return current.resolve() if current.exists() else None


def release_notes() -> dict[str, Any] | None:
    """The release.json of the release that readers see."""
    folder = published()
    return json.loads((folder / "release.json").read_text()) if folder else None


def held_notes() -> dict[str, Any] | None:
    """Which window is held, and why; None where nothing is."""
    path = settings().home / "published" / "held.json"
    return json.loads(path.read_text()) if path.exists() else None


def _fingerprint(facts: Provenance, state: str, way: Gate) -> str:
    told = [state, facts.commit, facts.declarations, *sorted(f"{i.key} {i.etag}" for i in facts.inputs)]
    told += [f"{o.check} {o.source} {o.scope} {o.at}" for o in way.overrides]
    # Days that were done again change figures, and need not change what is loaded.
    told += [f"{p.id} {p.at}" for p in OpsPlans(doors.ops_store()).promotions()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _already_published(window: Window, identity: str) -> Release | None:
    notes, folder = release_notes(), published()
    if notes is None or notes["fingerprint"] != identity or notes["window"]["label"] != window.label:
        return None
    return Release(notes["id"], window, notes["state"], False, (), folder, sum(notes["rows"].values()), reused=True)


def _hold(window: Window, state: Literal["provisional", "final"], identity: str, way: Gate) -> Release:
    notes = release_notes()
    body: dict[str, Any] = {
        "id": f"{window.label}-{state}-held-{identity[:8]}",
        "window": {"label": window.label},
        "state": state,
        "held_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "because": list(way.reasons),
        "obstacles": [asdict(obstacle) for obstacle in way.obstacles],
        "readers_see": notes["id"] if notes else None,
    }
    folder = settings().home / "published"
    folder.mkdir(parents=True, exist_ok=True)
    _write_durably(folder / "held.json", body)
    doors.ops_store().record_release(ReleaseRow(body["id"], window, state, True, datetime.now(UTC), body))
    return Release(body["id"], window, state, held=True, because=way.reasons, folder=None, rows=0)


def _describe(
    window: Window, state: str, verdicts: Sequence[Verdict], facts: Provenance, identity: str
) -> dict[str, Any]:
    return {
        "id": f"{window.label}-{state}-{identity[:8]}",
        "window": {"label": window.label, "start": window.start.isoformat(), "end": window.end.isoformat()},
        "state": state,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": identity,
        "commit": facts.commit,
        "declarations": facts.declarations,
        "verdicts": {
            "counts": dict(Counter(v.state for v in verdicts)),
            "marked": [_mark(v) for v in verdicts if v.state not in ("passed", "learning")],
        },
        "stale_sources": sorted({v.source for v in verdicts if v.check in ("late", "paused") and v.state != "passed"}),
        "freshness": facts.freshness,
        "load_seq": facts.load_seq,
        "inputs": [{"manifest": m, "rows": rows} for m, rows in facts.manifests],
        "backfills": promoted(OpsPlans(doors.ops_store()).promotions()),
        "rows": {},
    }


def _mark(verdict: Verdict) -> dict[str, str]:
    keys = ("check", "source", "model", "scope", "state", "severity", "sentence")
    return {key: str(getattr(verdict, key)) for key in keys}


def _write(warehouse: Warehouse, body: dict[str, Any]) -> Path:
    releases = settings().home / "published" / "releases"
    folder, done = releases / f".tmp-{body['id']}", releases / str(body["id"])
    for leftover in (folder, done):
        shutil.rmtree(leftover, ignore_errors=True)
    folder.mkdir(parents=True)
    relations = [f"marts.{name}" for name in warehouse.relations("marts")]
    for relation in [*relations, "quality.measurements"]:
        name = relation.split(".")[1]
        body["rows"][name] = warehouse.export(relation, folder / f"{name}.parquet")
    _write_durably(folder / "release.json", body)
    for written in folder.iterdir():
        sync_to_disk(written)
    folder.rename(done)
    sync_to_disk(releases)
    return done


def _swap(folder: Path) -> None:
    root = settings().home / "published"
    following = root / ".next"
    following.unlink(missing_ok=True)
    following.symlink_to(folder.relative_to(root))
    os.replace(following, root / "current")
    sync_to_disk(root)


def _settle(window: Window, body: dict[str, Any]) -> None:
    """Remember the release that readers see; repeated, because a run may die right after the swap."""
    (settings().home / "published" / "held.json").unlink(missing_ok=True)
    at = datetime.fromisoformat(body["published_at"])
    doors.ops_store().record_release(ReleaseRow(body["id"], window, body["state"], False, at, body))


def _write_durably(path: Path, body: dict[str, Any]) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(json.dumps(body, indent=2, default=str) + "\n")
    sync_to_disk(draft)
    os.replace(draft, path)


def _forget_old_releases() -> None:
    folder, current = settings().home / "published" / "releases", published()
    by_age = sorted((p for p in folder.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    # A reader that resolved the link before a swap must still find its files.
    for old in by_age[settings().keep.releases :]:
        if old != current:
            shutil.rmtree(old)
