"""Where the figures of a release come from: lake manifests, code and declarations."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from functools import lru_cache

from expectations.declare.rendered import CHECKOUT
from expectations.declare.source import declaration_hash, load_all
from tasks.adapters.warehouse.base import Warehouse
from tasks.window import Window


@dataclass(frozen=True)
class LoadedInput:
    """One lake object in the warehouse."""

    key: str
    etag: str


@dataclass(frozen=True)
class Provenance:
    """Everything that decides what a release says; `freshness` is the last extraction per source, ISO UTC.

    `load_seq` is the number of the last load that is in it.
    """

    commit: str
    declarations: str
    inputs: tuple[LoadedInput, ...]
    manifests: tuple[tuple[str, int], ...]
    freshness: dict[str, str]
    load_seq: int


def provenance(warehouse: Warehouse, window: Window) -> Provenance:
    """Read it from the ledger: all objects loaded so far, and the manifests of this window."""
    loaded = warehouse.query("select object_key, etag from raw.load_ledger", [])
    folder = "regexp_replace(object_key, '[^/]*$', '')"
    of_window = warehouse.query(
        f"select {folder} || 'manifest.json' as manifest, sum(rows) from raw.load_ledger"  # noqa: S608 - a constant
        " where window_start >= ? and window_end <= ? group by 1 order by 1",
        [window.start.replace(tzinfo=None), window.end.replace(tzinfo=None)],
    )
    return Provenance(
        commit=commit(),
        declarations=declaration_hash(),
        inputs=tuple(LoadedInput(str(key), str(etag)) for key, etag in loaded),
        manifests=tuple((str(manifest), int(rows)) for manifest, rows in of_window),
        freshness=_freshness(warehouse),
        load_seq=load_seq(warehouse),
    )


def load_seq(warehouse: Warehouse) -> int:
    """The number of the last load, 0 before the first."""
    loaded = warehouse.query("select coalesce(max(load_seq), 0) from raw.load_ledger", [])
    return int(loaded[0][0]) if loaded else 0


def _freshness(warehouse: Warehouse) -> dict[str, str]:
    built = set(warehouse.relations("staging"))  # a model that never built holds the release, it must not end it
    parts = [
        f"select '{source.name}' as source, max(_extracted_at) as extracted from staging.{stream.staging_model}"  # noqa: S608 - declared names
        for source in load_all().values()
        for stream in source.streams.values()
        if stream.staging_model in built
    ]
    if not parts:
        return {}
    rows = warehouse.query(f"select source, max(extracted) from ({' union all '.join(parts)}) group by 1", [])  # noqa: S608
    return {str(source): f"{at.isoformat()}Z" for source, at in sorted(rows) if at}


@lru_cache(maxsize=1)
def commit() -> str:
    """The commit of this checkout, with `+changes` where files differ from it; `unknown` outside git."""
    try:
        return _git("rev-parse", "HEAD") + ("+changes" if _git("status", "--porcelain") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _git(*words: str) -> str:
    done = subprocess.run(["git", *words], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    return done.stdout.strip()
