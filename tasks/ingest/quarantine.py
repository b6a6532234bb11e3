"""The way back of what was held back: refused lines and objects go through seal again, and the index says what is out.

A rule was broken by the source or by the declaration. Once either is mended, the same steps are done again. Each may
be repeated: a line is sealed once, an object as long as it has no manifest, and the index is made to say what is true.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from prefect import task

from expectations.declare.errors import ContractBroken, Misconfigured
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.ops_quarantine import Held
from tasks.ingest.held_rows import index
from tasks.ingest.jobs import SyncRun
from tasks.ingest.land import land
from tasks.ingest.manifest import read
from tasks.ingest.seal import Batch, batch_of, seal
from tasks.ingest.supplement import seal_again, still_out
from tasks.outcomes import recorded
from tasks.window import Window


@dataclass(frozen=True)
class Replayed:
    """What a replay did: how many lines, rows and objects were out before, and what still is."""

    source: str
    before: int
    still: tuple[Held, ...]

    @property
    def out(self) -> int:
        """How many are still held back."""
        return sum(entry.count for entry in self.still)

    @property
    def back(self) -> int:
        """How many are in now."""
        return max(self.before - self.out, 0)


@task(task_run_name="replay objects of {source}")
@recorded
def replay_objects(source: str, rule: str = "") -> tuple[Batch, ...]:
    """Seal the syncs again whose objects were refused; what is still refused stays listed."""
    done, refused = [], {_sync_of(one): one for one in index().found(source, rule=rule) if one.kind == "object"}
    for stream, sync_id, window in sorted(refused, key=str):
        declaration = declared(source).streams[stream]
        backfill = refused[stream, sync_id, window].object.startswith(declaration.backfill_prefix)
        at = datetime.now(UTC)
        run = SyncRun(source, window, "", sync_id, "succeeded", at, at, None, None, backfill=backfill)
        try:
            done.append(seal.fn(land.fn(run, stream), declaration))
        except ContractBroken:
            continue  # the index says so already
    return tuple(done)


@task(task_run_name="replay lines of {source}")
@recorded
def replay_lines(source: str, rule: str = "") -> tuple[Batch, ...]:
    """Seal refused lines again; the batches to load, also those that an interrupted replay sealed already."""
    done, store = [], doors.object_store()
    for stream, sync_id, _ in sorted({_sync_of(one) for one in _lines(source, rule)}, key=str):
        declaration = declared(source).streams[stream]
        if manifest := seal_again(store, declaration, sync_id, rule=rule):
            done.append(batch_of(manifest, f"{declaration.lake_prefix}sync_id={sync_id}/"))
    return tuple(done)


@task(task_run_name="settle lines of {source}")
@recorded
def settle_lines(source: str, rule: str = "") -> None:
    """Make the index say which lines are still out, after those that are not were loaded."""
    store, by_sync = doors.object_store(), defaultdict(list)
    for one in _lines(source, rule):
        by_sync[one.stream, one.sync_id].append(one)
    for (name, sync_id), entries in by_sync.items():
        stream = declared(source).streams[name]
        folder = f"{stream.lake_prefix}sync_id={sync_id}/"
        manifest = read(store, folder)
        out = [(line.object, line.rule) for line in still_out(store, folder, manifest)] if manifest else []
        for entry in entries:
            index().shrink(entry, out.count((entry.object, entry.rule)))


def held(source: str, rule: str = "") -> tuple[Held, ...]:
    """What is out now; `Misconfigured` if the source or the rule is unknown to the index."""
    declared(source)
    found = index().found(source, rule=rule)
    known = sorted({one.rule for one in index().found(source)})
    if rule and not found and known:
        raise Misconfigured(f"nothing is held back for the rule {rule!r}", do=f"Write one of: {', '.join(known)}")
    return tuple(found)


def windows_of(entries: Sequence[Held]) -> list[Window]:
    """The windows that these entries are about, oldest first."""
    return sorted({entry.window for entry in entries}, key=lambda window: (window.start, window.end))


def compared(source: str, before: Sequence[Held], rule: str = "") -> Replayed:
    """What a replay changed."""
    return Replayed(source, sum(one.count for one in before), tuple(index().found(source, rule=rule)))


def dismiss(source: str, rule: str, reason: str, *, stream: str = "", place: str = "") -> int:
    """Give up what is held back, for a reason; a dismissed object is left out when its sync is sealed. How many."""
    if not reason.strip():
        raise Misconfigured("a dismissal needs a reason", do='Write --reason "what was decided, and by whom"')
    chosen = [one for one in held(source, rule) if stream in ("", one.stream) and place in ("", one.object)]
    index().settle(chosen, "dismissed", reason=reason)
    return sum(one.count for one in chosen)


def _lines(source: str, rule: str) -> list[Held]:
    return [one for one in index().found(source, rule=rule) if one.kind == "line"]


def _sync_of(entry: Held) -> tuple[str, int, Window]:
    return entry.stream, entry.sync_id, entry.window
