"""A closed month as a folder that finance attaches to its books: figures, restatements, checklist, names, definitions.

Everything comes from the ops store, so the folder can be made again at any time: the same month and version give the
same bytes. Only `restatements.csv` (and `README.txt` and the checksums, which count it) grows while the version stands.
"""

from __future__ import annotations

import csv
import hashlib
import io
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from expectations.declare.errors import Misconfigured, NotReconciled
from tasks import doors
from tasks.adapters.ops_closes import Cell, Entry, Event, OpsCloses
from tasks.adapters.ops_plans import plain
from tasks.backfill.figures import fingerprint
from tasks.periods.close import closing

SUMS = "SHA256SUMS"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the first that the format knows: no clock in the bytes


@dataclass(frozen=True)
class Exported:
    """Where the folder and its archive are, and what is in them."""

    folder: Path
    archive: Path
    event: Event
    files: int
    figures: int
    entries: int


def export(month: str, to: Path, *, version: int = 0) -> Exported:
    """Write a version (0: the newest) of a closed month to `to`/plumbline-<month>-v<version>, and the same as a zip.

    Raises `Misconfigured` for a month that was never closed and for a folder that holds something else, and
    `NotReconciled` where the kept figures are not those that were signed.
    """
    event = closing(month, version)
    closes = OpsCloses(doors.ops_store())
    cells, entries = closes.frozen(event.month, event.version), closes.entries(event.month, event.version)
    if (found := fingerprint(cells)) != event.checksum:
        raise NotReconciled(
            f"the kept figures of {event.month} version {event.version} are not those that were signed",
            where=f"checksum {found[:12]}, signed {event.checksum[:12]}",
            do="Restore the ops store from its backup; nothing was exported",
        )
    files = _files(event, cells, entries, closes.events(event.month))
    files[SUMS] = "".join(f"{_sha(body)}  {name}\n" for name, body in sorted(files.items()))
    folder = to / f"plumbline-{event.month}-v{event.version}"
    _write(folder, files)
    archive = _zip(folder, files)
    return Exported(folder, archive, event, len(files), len(cells), len(entries))


def _files(
    event: Event, cells: Mapping[Cell, Decimal], entries: Sequence[Entry], events: Sequence[Event]
) -> dict[str, str]:
    evidence: Mapping[str, Any] = event.evidence or {}
    of_metric: dict[tuple[str, str], list[tuple[str, str, Decimal]]] = defaultdict(list)
    for (mart, metric, channel, day), amount in cells.items():
        of_metric[mart, metric].append((day, channel, amount))
    files = {
        f"figures/{mart}.{metric}.csv": _csv(
            ("day", "channel", "amount"), ((d, c, plain(a)) for d, c, a in sorted(rows))
        )
        for (mart, metric), rows in of_metric.items()
    }
    files["totals.csv"] = _csv(("mart", "metric", "channel", "amount"), _totals(cells))
    files["restatements.csv"] = _csv(_RESTATED, (_restated(entry) for entry in entries))
    checked = evidence.get("checklist", [])
    files["checklist.csv"] = _csv(
        ("item", "state", "evidence", "to do"), ((i["name"], i["state"], i["sentence"], i["do"]) for i in checked)
    )
    signed = evidence.get("signers", [])
    files["sign_off.csv"] = _csv(("name", "side", "signed_at"), ((s["name"], s["side"], _at(event)) for s in signed))
    files["definitions.csv"] = _csv(("figure", "definition"), sorted(evidence.get("definitions", {}).items()))
    history = [(e.number, e.version, e.action, e.by, e.reason, _at(e)) for e in events if _by_then(e, event)]
    files["history.csv"] = _csv(("number", "version", "action", "by", "reason", "at"), history)
    files["README.txt"] = _readme(event, evidence, len(cells), len(entries))
    return files


_RESTATED = (
    *("mart", "metric", "channel", "day", "entry", "frozen", "before", "now", "amount"),
    *("cause", "origin", "syncs", "evidence", "first_seen_at"),
)


def _restated(entry: Entry) -> tuple[str, ...]:
    amounts = (plain(entry.frozen), plain(entry.before), plain(entry.after), plain(entry.amount))
    why = (entry.cause, entry.origin, entry.syncs, entry.evidence, entry.at.isoformat(timespec="seconds"))
    return (*entry.cell, str(entry.entry), *amounts, *why)


def _totals(cells: Mapping[Cell, Decimal]) -> Iterable[tuple[str, ...]]:
    """Sums of the month per channel, and over all channels; attribution models are never added up."""
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    for (mart, metric, channel, _), amount in cells.items():
        sums[mart, metric, channel] += amount
        if mart != "fct_attribution":
            sums[mart, metric, "(all)"] += amount
    return [(*place, plain(amount)) for place, amount in sorted(sums.items())]


def _readme(event: Event, evidence: Mapping[str, Any], figures: int, entries: int) -> str:
    lines = [
        f"The books of {event.month}, version {event.version}",
        "",
        f"Signed by {event.by}, {_at(event)}.",
        *([f"Note: {event.reason}"] if event.reason else []),
        f"Figures: {figures}, frozen from release {event.release_id}, published {evidence.get('published_at', '')}.",
        f"Built from commit {event.code}, declarations {event.declarations}.",
        f"Checksum of the figures: {event.checksum}",
        f"Final releases of its days: {', '.join(evidence.get('releases', []))}",
        "",
        "figures/          one file for each mart and metric: day, channel, amount; days without a row are zero",
        "totals.csv        their sums over the month",
        f"restatements.csv  what was found out since, {entries} entries: signed + sum of amounts = figure of now",
        "checklist.csv     what was verified before the signatures, with evidence",
        "sign_off.csv      who signed, and for which side",
        "history.csv       every closing and reopening of the month up to this version's last",
        "definitions.csv   what each figure means, in the words of its mart when it was signed",
        f"{SUMS}        SHA-256 of every file: sha256sum -c {SUMS}",
    ]
    return "\n".join(lines) + "\n"


def _by_then(event: Event, signed: Event) -> bool:
    """Whether an event belongs to the story of a version: up to its closing. What came later is told by the next."""
    return event.number <= signed.number


def _csv(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    made = io.StringIO()
    csv.writer(made, lineterminator="\n").writerows([heads, *rows])
    return made.getvalue()


def _at(event: Event) -> str:
    return event.at.isoformat(timespec="seconds")


def _sha(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def _write(folder: Path, files: Mapping[str, str]) -> None:
    here = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} if folder.exists() else set()
    if others := sorted(here - files.keys()):
        raise Misconfigured(
            "the folder holds something else already",
            where=f"{folder}: {others[0]}",
            do="Name another folder with --to",
        )
    try:
        for name, body in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(body.encode())
    except OSError as error:
        raise Misconfigured(
            f"the folder cannot be written ({type(error).__name__})",
            where=str(folder),
            do="Name a folder of yours with --to",
        ) from None


def _zip(folder: Path, files: Mapping[str, str]) -> Path:
    archive = folder.with_name(f"{folder.name}.zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, body in sorted(files.items()):
            entry = zipfile.ZipInfo(f"{folder.name}/{name}", _ZIP_DATE)
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            made.writestr(entry, body)
    return archive
