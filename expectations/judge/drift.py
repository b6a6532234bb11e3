"""What differs between the contract of a stream and the fields that arrived: classified, with a guess at renames."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

_CERTAIN = -14.0  # ln of the chance, about one in a million, that a field is absent from a whole batch by accident
_SIMILAR = 0.6
_RETYPED_SHARE = 0.5


@dataclass(frozen=True)
class SeenField:
    """How many rows carry a key, now and in earlier windows; `required` by the contract or not."""

    name: str
    rows_with: int
    rows_with_before: int = 0
    required: bool = False


@dataclass(frozen=True)
class Batch:
    """Everything that arrived for one stream: rows, declared keys, undeclared keys, values that do not fit."""

    rows: int
    rows_before: int
    declared: Sequence[SeenField]
    undeclared: Sequence[SeenField] = ()
    unfit: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Drift:
    """One difference; `to` is the new name of a renamed field, `share` the part of the rows concerned."""

    kind: Literal["removed", "renamed", "retyped", "unfit", "added", "unseen"]
    field: str
    rows: int
    share: float
    to: str = ""


def classify(batch: Batch) -> list[Drift]:
    """All differences, the grave ones first; nothing for an empty batch."""
    if not batch.rows:
        return []
    gone = [f for f in batch.declared if _is_gone(f, batch)]
    renamed = {f.name: to for f in gone if (to := _renamed_to(f, batch))}
    removed = [_missing(f, batch, renamed.get(f.name, "")) for f in gone]
    return [*removed, *_unfit(batch), *_added(batch, set(renamed.values())), *_unseen(batch, gone)]


def _is_gone(field: SeenField, batch: Batch) -> bool:
    missing = batch.rows - field.rows_with
    if missing <= 0:
        return False
    always_there = batch.rows_before > 0 and field.rows_with_before >= batch.rows_before
    if always_there:
        return missing >= min(max(3.0, 0.001 * batch.rows), batch.rows)
    if field.rows_with:
        return False
    return field.required or _chance_of_none(field, batch) < _CERTAIN


def _chance_of_none(field: SeenField, batch: Batch) -> float:
    share = field.rows_with_before / batch.rows_before if batch.rows_before else 0.0
    return batch.rows * math.log1p(-min(share, 1 - 1e-12))


def _renamed_to(field: SeenField, batch: Batch) -> str:
    missing = batch.rows - field.rows_with
    candidates = [u for u in batch.undeclared if u.rows_with == missing and _is_new(u, batch)]
    scored = sorted(((_similarity(field.name, u.name), u.name) for u in candidates), reverse=True)
    return scored[0][1] if scored and scored[0][0] >= _SIMILAR else ""


def _is_new(field: SeenField, batch: Batch) -> bool:
    return field.rows_with_before < 0.5 * max(batch.rows_before, 1)


def _similarity(one: str, other: str) -> float:
    ours, theirs = (re.sub(r"[^a-z0-9]", "", name.lower()) for name in (one, other))
    words = [set(re.split(r"[^a-z0-9]+", name.lower())) - {""} for name in (one, other)]
    shared = len(words[0] & words[1]) / max(len(words[0] | words[1]), 1)
    return max(SequenceMatcher(None, ours, theirs).ratio(), shared)


def _missing(field: SeenField, batch: Batch, to: str) -> Drift:
    missing = batch.rows - field.rows_with
    return Drift("renamed" if to else "removed", field.name, missing, missing / batch.rows, to)


def _unfit(batch: Batch) -> list[Drift]:
    found = [(name, count) for name, count in sorted((batch.unfit or {}).items()) if count > 0]
    return [
        Drift("retyped" if count >= _RETYPED_SHARE * batch.rows else "unfit", name, count, count / batch.rows)
        for name, count in found
    ]


def _added(batch: Batch, explained: set[str]) -> list[Drift]:
    if not batch.rows_before:
        return []  # in the first window every undeclared field is new, and none is news
    fresh = [u for u in batch.undeclared if u.rows_with and not u.rows_with_before and u.name not in explained]
    return [Drift("added", u.name, u.rows_with, u.rows_with / batch.rows) for u in sorted(fresh, key=lambda u: u.name)]


def _unseen(batch: Batch, gone: Sequence[SeenField]) -> list[Drift]:
    known = {field.name for field in gone}
    never = [f for f in batch.declared if not f.rows_with and not f.rows_with_before and f.name not in known]
    return [Drift("unseen", f.name, batch.rows, 1.0) for f in never]
