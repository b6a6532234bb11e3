"""Let people read what passed, all of it at once, and nothing of what did not.

Embedded: one Parquet per mart in a release folder, then one symlink moves (`published/current`). A reader
that resolves the link once sees one release. A held mart is in the folder as it was in the release before, the same
file; where nothing at all is new, the window is held and nothing changes but `published/held.json`.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from prefect import task

from expectations.declare.source import names
from expectations.judge.verdict import Verdict
from tasks import doors
from tasks.adapters.durable import sync_to_disk
from tasks.adapters.ops_held_back import OpsHeldBack
from tasks.adapters.ops_plans import OpsPlans
from tasks.adapters.ops_plans import told as promoted
from tasks.adapters.ops_store import ReleaseRow
from tasks.adapters.warehouse.base import Warehouse
from tasks.operate.memory import refuse_lost
from tasks.outcomes import recorded
from tasks.publish.gate import Gate, gate
from tasks.publish.origins import held_back, held_marts, held_since, in_short, origins, origins_of, why_held
from tasks.publish.provenance import Provenance, provenance
from tasks.publish.reach import some
from tasks.settings import settings
from tasks.window import Window


@dataclass(frozen=True)
class Release:
    """What became of an attempt to publish; `folder` is None where it was held.

    `kept` are the marts that are held in a release of so many `marts`, `because` says why, `told` all in one sentence.
    """

    id: str
    window: Window
    state: Literal["provisional", "final"]
    held: bool
    because: tuple[str, ...]
    folder: Path | None
    rows: int
    reused: bool = False
    kept: tuple[str, ...] = ()
    marts: int = 0
    told: str = ""

    @property
    def said(self) -> list[str]:
        """What became of it, for a terminal: what is published, and what is not and why."""
        reasons = [f"- {reason}" for reason in self.because]
        if self.held:
            return [f"held {self.window.label}; readers keep the last good release:", *reasons]
        counted = f"{len(self.kept)} of {self.marts} marts are held and stay as they were"
        heading = [f"{counted} ({some(self.kept)}):"] if self.kept else []
        return [f"published {self.id}: {self.rows} rows", *heading, *reasons]


@task(task_run_name="publish {state} {window.label}")
@recorded
def publish(window: Window, state: Literal["provisional", "final"], verdicts: Sequence[Verdict]) -> Release:
    """Swap `published/current` to a new release, with the marts that critical checks or a person hold as they were.

    Held altogether where no mart that is made of a source would be new. Publishing the same inputs again returns the
    release that is there.
    """
    with doors.warehouse() as warehouse:
        for source in names():
            refuse_lost(warehouse, source)
        way = gate(window, verdicts, warehouse.relations("marts"))
        facts = provenance(warehouse, window)
        identity = _fingerprint(facts, state, way)
        if way.closed:
            return _hold(window, state, identity, way)
        if (same := _already_published(window, identity)) is not None:
            _settle(window, release_notes() or {})
            return same
        body = _describe(window, state, verdicts, facts, identity) | _gated(way, verdicts, facts)
        body["marts"] = {n: o.told for n, o in origins(body, way, release_notes(), held_notes()).items()}
        folder = _write(warehouse, body, way)
        # Under the lock: of two releases, readers must be left with the one that was written last.
        _swap(folder)
        _settle(window, body)
        _forget_old_releases()
    return _release(window, body, folder)


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
    told += [f"{mart} {why}" for mart, reasons in way.held.items() for why in reasons]
    # Days that were done again change figures, and need not change what is loaded.
    told += [f"{p.id} {p.at}" for p in OpsPlans(doors.ops_store()).promotions()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def _already_published(window: Window, identity: str) -> Release | None:
    notes, folder = release_notes(), published()
    if notes is None or notes["fingerprint"] != identity or notes["window"]["label"] != window.label:
        return None
    return replace(_release(window, notes, folder), reused=True)


def _release(window: Window, notes: dict[str, Any], folder: Path | None) -> Release:
    kept = held_marts(notes)
    return Release(
        notes["id"],
        window,
        notes["state"],
        held=False,
        because=why_held(kept),
        folder=folder,
        rows=sum(notes["rows"].values()),
        kept=tuple(kept),
        marts=len(origins_of(notes)),
        told=in_short(notes),
    )


def _hold(window: Window, state: Literal["provisional", "final"], identity: str, way: Gate) -> Release:
    notes, before = release_notes(), held_notes()
    at = datetime.now(UTC)
    body: dict[str, Any] = {
        "id": f"{window.label}-{state}-held-{identity[:8]}",
        "window": {"label": window.label},
        "state": state,
        "held_at": (before or {}).get("held_at", at.isoformat(timespec="seconds")),
        "because": list(way.reasons),
        "obstacles": way.obstacles,
        "since": held_since(way, notes, before),
        "readers_see": notes["id"] if notes else None,
    }
    folder = settings().home / "published"
    folder.mkdir(parents=True, exist_ok=True)
    _write_durably(folder / "held.json", body)
    doors.ops_store().record_release(ReleaseRow(body["id"], window, state, True, at, body))
    told = f"Nothing is published, because: {' '.join(way.reasons)}"
    return Release(body["id"], window, state, held=True, because=way.reasons, folder=None, rows=0, told=told)


def _gated(way: Gate, verdicts: Sequence[Verdict], facts: Provenance) -> dict[str, Any]:
    """What the gate says of a release: findings that hold some marts, overrides, marks on figures, how new they are."""
    before = (release_notes() or {}).get("freshness", {})
    read_at = facts.freshness | {name: before.get(name, "") for name in way.sources}
    marked = [v for v in verdicts if v.state not in ("passed", "learning")]
    return {
        "verdicts": {
            "counts": dict(Counter(v.state for v in verdicts)),
            "marked": [_mark(v) | {"marts": sorted(way.reach.marked(v))} for v in marked],
        },
        "obstacles": way.obstacles,
        "overrides": way.told,
        "held_sources": list(way.sources),
        "freshness": {name: at for name, at in read_at.items() if at},
    }


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
        "stale_sources": sorted({v.source for v in verdicts if v.check in ("late", "paused") and v.state != "passed"}),
        "load_seq": facts.load_seq,
        "inputs": [{"manifest": m, "rows": rows} for m, rows in facts.manifests],
        "backfills": promoted(OpsPlans(doors.ops_store()).promotions()),
        "rows": {},
    }


def _mark(verdict: Verdict) -> dict[str, str]:
    keys = ("check", "source", "model", "scope", "state", "severity", "sentence")
    return {key: str(getattr(verdict, key)) for key in keys}


def _write(warehouse: Warehouse, body: dict[str, Any], way: Gate) -> Path:
    releases = settings().home / "published" / "releases"
    folder, done = releases / f".tmp-{body['id']}", releases / str(body["id"])
    for leftover in (folder, done):
        shutil.rmtree(leftover, ignore_errors=True)
    folder.mkdir(parents=True)
    before = release_notes() or {"rows": {}}
    for name in (*way.marts, "measurements"):
        parquet = folder / f"{name}.parquet"
        if not way.marts.get(name):
            schema = "marts" if name in way.marts else "quality"
            body["rows"][name] = warehouse.export(f"{schema}.{name}", parquet)
        elif name in before["rows"]:
            body["rows"][name] = _kept(name, parquet, before["rows"][name])
    _write_durably(folder / "release.json", body)
    for written in folder.iterdir():
        sync_to_disk(written)
    folder.rename(done)
    sync_to_disk(releases)
    return done


def _kept(name: str, parquet: Path, rows: int) -> int:
    """The mart as readers see it now: the same file under one more name, or a copy where a disk has no such names."""
    folder = published()
    assert folder  # its notes name the mart
    try:
        os.link(folder / f"{name}.parquet", parquet)
    except OSError:
        shutil.copyfile(folder / f"{name}.parquet", parquet)
    return rows


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
    OpsHeldBack(doors.ops_store()).record(body["id"], held_back(body))
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
