"""Keep what a file of finance says: what is new, and what changed as a new version.

Nothing of a file is kept unless all of it is good, and the same file twice changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from expectations.declare.edited import Line
from tasks.adapters.ops_given import OpsGiven, R


@dataclass(frozen=True)
class Loaded:
    """How many records of a file were new, changed, and known as they are."""

    new: int
    changed: int
    same: int


def keep(read: Iterable[tuple[Line, R]], store: OpsGiven[R], *, by: str, reason: str) -> Loaded:
    """Write what the store does not know yet; raises `Misconfigured` with the line, and then nothing is written.

    A record that says otherwise than before becomes a new version, for which a reason is asked.
    """
    records = _each_once(read)
    known = {given.record.key: given for given in store.latest()}
    new = [record for _, record in records if record.key not in known]
    changed = [(line, record) for line, record in records if record.key in known and known[record.key].record != record]
    if changed and not reason:
        line, record = changed[0]
        what = f"{record.title} says otherwise than before"
        raise line.refused(what, "Give --reason to keep it as a new version")
    versions = [(record, 1) for record in new]
    versions += [(record, known[record.key].version + 1) for _, record in changed]
    store.add(versions, reason=reason, by=by)
    return Loaded(len(new), len(changed), len(records) - len(versions))


def currency(line: Line) -> str:
    """The value of the column `currency`; raises `Misconfigured` where it is none."""
    if not re.fullmatch(r"[A-Z]{3}", line["currency"]):
        raise line.refused(f"{line['currency']!r} is no currency", "Write three capitals such as USD")
    return line["currency"]


def _each_once(read: Iterable[tuple[Line, R]]) -> list[tuple[Line, R]]:
    seen: dict[tuple[object, ...], tuple[Line, R]] = {}
    for line, record in read:
        if record.key in seen:
            what = f"{record.title} stands in line {seen[record.key][0].number} already"
            raise line.refused(what, "Write each of them once")
        seen[record.key] = line, record
    return list(seen.values())
