"""Which local files may go: releases, pages, logs, evidence of dbt runs, and warehouse files that were replaced."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.operate.leftover import Leftover, Prunable
from tasks.publish.publish import published
from tasks.settings import settings

ROTATED_AT = 50_000_000  # bytes of the log of steps


def local_leftovers(home: Path, now: datetime) -> tuple[Prunable, ...]:
    """Every kind of local file with what may go of it."""
    keep = settings().keep
    pages, logs = now - timedelta(days=keep.pages_days), now - timedelta(days=keep.logs_days)
    windows = [*(home / "site" / "data-docs").glob("*/"), *(home / "validations").glob("*/")]
    evidence = [path for path in (home / "dbt").glob("20*T*-*") if path.is_dir()]
    written = [*(home / "logs").rglob("*"), *(home / "dbt" / "logs").glob("*")]
    replaced = [path for path in settings().warehouse_file.parent.glob("*.replaced-*") if path.suffix != ".wal"]
    return (
        Prunable("releases", f"the newest {keep.releases}", _releases(home, keep.releases)),
        Prunable("pages", f"{keep.pages_days} days", _older(windows, pages)),
        Prunable("logs", f"{keep.logs_days} days", _older([p for p in written if p.is_file()], logs)),
        Prunable("dbt runs", f"{keep.logs_days} days", _older(evidence, logs)),
        Prunable("replaced warehouses", f"{keep.logs_days} days", _older(replaced, logs)),
    )


def remove_path(name: str) -> None:
    """Remove a file or a folder; what is gone already is no error."""
    path = Path(name)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def rotate_steps(home: Path) -> None:
    """Begin a new log of steps where the old one is long; whoever writes opens it anew for each line."""
    log = home / "logs" / "steps.jsonl"
    if log.exists() and log.stat().st_size > ROTATED_AT:
        log.rename(log.with_name(f"steps-{datetime.now(UTC):%Y%m%dT%H%M%S}.jsonl"))


def _releases(home: Path, kept: int) -> tuple[Leftover, ...]:
    current = published()
    folders = [path for path in (home / "published" / "releases").glob("*/") if not path.name.startswith(".")]
    by_age = sorted(folders, key=lambda path: path.stat().st_mtime, reverse=True)
    return tuple(_leftover(path) for path in by_age[kept:] if path != current)


def _older(paths: Iterable[Path], before: datetime) -> tuple[Leftover, ...]:
    found = (_leftover(path) for path in sorted(paths))
    return tuple(leftover for leftover in found if leftover.at < before)


def _leftover(path: Path) -> Leftover:
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    newest = max((file.stat().st_mtime for file in files), default=path.stat().st_mtime)
    return Leftover(str(path), sum(file.stat().st_size for file in files), datetime.fromtimestamp(newest, UTC))
