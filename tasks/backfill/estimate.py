"""What a backfill is expected to move, to take and to cost, from what the pipeline remembers of itself.

Objects and bytes of a replay are counted in the lake; rows and seconds come from the outcomes of earlier runs. The
credits follow the formula: hours x credits an hour + GB x credits per GB, with the constants of the settings.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from expectations.declare.source import Source
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.ops_plans import Mode
from tasks.backfill.lake import folders, speaking
from tasks.settings import BackfillSettings, settings
from tasks.window import Window

_LAKE_STEPS = ("load",)
_SOURCE_STEPS = ("sync", "seal", "load")
_RESUME_HOURS = 1 / 60  # Snowflake bills a minute at least for each resume of a warehouse


@dataclass(frozen=True)
class Estimate:
    """What one source contributes; `seconds` is None where nothing like it ever ran."""

    source: str
    objects: int
    rows: int
    bytes: int
    seconds: float | None


@dataclass(frozen=True)
class Cost:
    """All sources together: minutes on this machine (None: unknown), credits and dollars on Snowflake."""

    minutes: float | None
    credits: float
    dollars: float


def estimates(sources: Sequence[str], window: Window, mode: Mode, *, chunks: int) -> tuple[Estimate, ...]:
    """One estimate per source, in the order given."""
    if mode == "replay":
        return tuple(_from_lake(declared(source), window) for source in sources)
    return tuple(_from_source(declared(source), window, chunks) for source in sources)


def cost(parts: Sequence[Estimate], chunks: int) -> Cost:
    """The sum of all sources, with a build for each chunk and one at the end."""
    known = [part.seconds for part in parts if part.seconds is not None]
    builds = _mean_seconds("build") or 0.0
    minutes = (sum(known) + builds * 2) / 60 if known else None
    used = credits_of(sum(part.bytes for part in parts), chunks, settings().backfill)
    return Cost(minutes, used, used * settings().backfill.usd_per_credit)


def credits_of(size: int, resumes: int, prices: BackfillSettings) -> float:
    """Expected Snowflake credits for so many sealed bytes."""
    gigabytes = size / 1e9
    hours = max(gigabytes / prices.parquet_gb_per_hour, resumes * _RESUME_HOURS)
    return hours * prices.credits_per_hour + gigabytes * prices.credits_per_gb


def _from_lake(source: Source, window: Window) -> Estimate:
    """What a replay reads: counted, only its seconds are expected."""
    found, rows_of = speaking(source, window), _rows_by_sync(source.name)
    rows = sum(rows_of.get((f.stream, f.sync_id), f.batch.rows if f.batch else 0) for f in found)
    size, objects = sum(f.bytes for f in found), sum(f.objects for f in found)
    return Estimate(source.name, objects, rows, size, _seconds(source.name, rows, _LAKE_STEPS))


def _from_source(source: Source, window: Window, chunks: int) -> Estimate:
    """What an extraction will bring: as many rows a day as the syncs so far, which also brought their look-back."""
    rows_of = _rows_by_sync(source.name)
    held = [f for stream in source.streams.values() for f in folders(doors.object_store(), stream)]
    known = [f for f in held if (f.stream, f.sync_id) in rows_of]
    total = sum(rows_of[f.stream, f.sync_id] for f in known)
    rows = round(total / max(_days_read(source), 1) * len(window.days()))
    size = round(sum(f.bytes for f in known) / total * rows) if total else 0
    syncs = len({f.sync_id for f in known})
    objects = ceil(sum(f.objects for f in known) / syncs * chunks) if syncs else 0
    return Estimate(source.name, objects, rows, size, _seconds(source.name, rows, _SOURCE_STEPS))


def _days_read(source: Source) -> int:
    """Days that all sealed syncs of a source were about, each with the look-back before it."""
    spans = {row["job_id"]: (row["window_start"], row["window_end"]) for row in _sealed(source.name)}
    return sum(len(Window(start=start, end=end).days()) + source.look_back.days for start, end in spans.values())


def _seconds(source: str, rows: int, steps: Iterable[str]) -> float | None:
    known = [pace for pace in (_seconds_per_row(source, step) for step in steps) if pace is not None]
    return sum(known) * rows + (_mean_seconds("measure", source) or 0.0) if known else None


def _sealed(source: str) -> list[dict[str, Any]]:
    outcomes = doors.ops_store().outcomes(step="seal")
    return [r for r in outcomes if r["source"] == source and r["status"] != "failed" and r["rows_out"] is not None]


def _rows_by_sync(source: str) -> dict[tuple[str, int], int]:
    return {(row["stream"], row["job_id"]): row["rows_out"] for row in _sealed(source)}


def _seconds_per_row(source: str, step: str) -> float | None:
    done = [r for r in doors.ops_store().outcomes(step=step) if r["source"] == source and r["status"] == "done"]
    rows = sum(row["rows_out"] or 0 for row in done)
    return sum(row["millis"] for row in done) / 1000 / rows if rows else None


def _mean_seconds(step: str, source: str = "") -> float | None:
    done = [r for r in doors.ops_store().outcomes(step=step) if r["status"] == "done" and source in ("", r["source"])]
    return sum(row["millis"] for row in done) / 1000 / len(done) if done else None
