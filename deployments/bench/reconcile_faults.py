"""The faults of the bench, each with its known amount, for `plumbline bench reconcile` and its property tests."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from types import MappingProxyType

from deployments.bench.reconcile_world import Record, money
from expectations.judge.reconcile.buckets import EDGES, FLAGS, KINDS, NAMED, STAGES
from expectations.judge.reconcile.waterfall import Figure

Known = tuple[Figure, str, str, str]  # figure, from_stage, to_stage, bucket
Change = Callable[[Record], None]
Cost = Callable[[Record], Mapping[Known, Decimal]]
_READ, _LOADED, _BUILT, _RELEASED = EDGES
_CARRIES = ("late_rows", "partial_day", "missing_pages")


@dataclass(frozen=True)
class Fault:
    """A fault of the catalogue on one record: how it changes the record and what it must cost, reckoned by hand.

    A record that the fault brings itself is in `brings`; then `record` is that record.
    """

    name: str
    record: Record
    apply: Change
    known: Cost
    brings: bool = False


def _at(edge: tuple[str, str], bucket: str, value: Decimal, figure: Figure) -> dict[Known, Decimal]:
    return {(figure, *edge, bucket): value}


def _copies(rng: random.Random) -> tuple[Change, Cost]:
    n = rng.randrange(1, 4)
    return (
        lambda r: setattr(r, "copies", n),
        lambda r: _at(_BUILT, "duplicates_removed", -n * r.native, r.figure),
    )


def _twice(rng: random.Random) -> tuple[Change, Cost]:
    n = rng.randrange(1, 3)
    return (
        lambda r: setattr(r, "loaded_twice", n),
        lambda r: (
            _at(_LOADED, "duplicates_loaded", n * r.native, r.figure)
            | _at(_BUILT, "duplicates_removed", -n * r.native, r.figure)
        ),
    )


def _older(rng: random.Random) -> tuple[Change, Cost]:
    value = money(rng)
    return (
        lambda r: setattr(r, "older", value),
        lambda r: (
            _at(_READ, "superseded_versions", value, r.figure) | _at(_BUILT, "superseded_versions", -value, r.figure)
        ),
    )


def _restated(rng: random.Random) -> tuple[Change, Cost]:
    value = money(rng) * rng.choice((1, -1))
    return (
        lambda r: setattr(r, "now", value),
        lambda r: _at(_READ, "restated_after_extraction", -value, r.figure),
    )


def _shifted(_: random.Random) -> tuple[Change, Cost]:
    return (
        lambda r: setattr(r, "shift", 1),
        lambda r: (
            _at(_BUILT, "time_zone_shift", -r.native, r.figure)
            | _at(_BUILT, "time_zone_shift", r.native, r.figure_after)
        ),
    )


def _converted(rng: random.Random) -> tuple[Change, Cost]:
    rate = Decimal(rng.randrange(850_000, 990_000)).scaleb(-6)
    return (
        lambda r: setattr(r, "rate", rate),
        lambda r: _at(_BUILT, "currency", r.converted - r.native, r.figure_after),
    )


def _rounded(_: random.Random) -> tuple[Change, Cost]:
    return (
        lambda r: setattr(r, "rounded", True),
        lambda r: _at(_BUILT, "micros_rounding", r.cents - r.converted, r.figure_after),
    )


def _built_before(rng: random.Random) -> tuple[Change, Cost]:
    value = money(rng)
    return (
        lambda r: setattr(r, "behind", value),
        lambda r: _at(_BUILT, "restated_after_build", -value, r.figure),
    )


def _released(rng: random.Random) -> tuple[Change, Cost]:
    value = money(rng)
    return (
        lambda r: setattr(r, "old", value),
        lambda r: _at(_RELEASED, "restated_after_release", -value, r.figure),
    )


def _windowed(rng: random.Random) -> tuple[Change, Cost]:
    value = money(rng)
    return (
        lambda r: setattr(r, "window", value),
        lambda r: _at(_BUILT, "attribution_window_change", value - r.native, r.figure_after),
    )


def _reported(_: random.Random) -> tuple[Change, Cost]:
    return (
        lambda r: setattr(r, "reported_later", 2),
        lambda r: (
            _at(_BUILT, "report_time", -r.native, r.figure) | _at(_BUILT, "report_time", r.native, r.figure_after)
        ),
    )


# Faults that change a record which is there; those of one group may hit the same record.
_CHANGES: Mapping[str, Mapping[str, Callable[[random.Random], tuple[Change, Cost]]]] = MappingProxyType({
    "money": {
        "duplicates_removed": _copies, "duplicates_loaded": _twice, "superseded_versions": _older,
        "restated_after_extraction": _restated, "time_zone_shift": _shifted, "currency": _converted,
        "micros_rounding": _rounded,
    },
    "release": {"restated_after_build": _built_before, "restated_after_release": _released},
    "conversions": {"attribution_window_change": _windowed, "report_time": _reported},
})  # fmt: skip
_GROUP = {name: group for group, faults in _CHANGES.items() for name in faults}
FAULTS = (*_GROUP, *FLAGS, *_CARRIES, *dict.fromkeys(KINDS.values()))


def draw(records: Sequence[Record], count: int, rng: random.Random) -> list[Fault]:
    """`count` faults of the catalogue on these records of one day, each name at most once on a record."""
    taken: set[tuple[str, str]] = set()
    found = []
    for number in range(count):
        name = rng.choice(FAULTS)
        if name not in _GROUP:
            found.append(_brought(name, rng.choice(records), number, rng))
            continue
        free = [r for r in records if _fits(r, _GROUP[name]) and (name, r.key) not in taken]
        if name in ("restated_after_extraction", "duplicates_removed"):  # copies of a restated row: of which state?
            other = {"restated_after_extraction": "duplicates_removed"}.get(name, "restated_after_extraction")
            free = [r for r in free if (other, r.key) not in taken]
        if free:
            record = rng.choice(free)
            taken.add((name, record.key))
            found.append(Fault(name, record, *_CHANGES[_GROUP[name]][name](rng)))
    return found


def _fits(record: Record, group: str) -> bool:
    last = record.key.endswith("-7")
    if record.figure.metric == "conversions":
        return group == "conversions"
    return group == ("release" if last else "money")


def _brought(name: str, beside: Record, number: int, rng: random.Random) -> Fault:
    """A record that the earlier checkpoints have and the later ones do not (taxes and the like also the other way)."""
    edge = rng.choice(NAMED[name].edges)
    cut = STAGES.index(edge[1])
    kind = next((k for k in KINDS if KINDS[k] == name), None)
    comes = kind is not None and rng.random() < 0.5
    value = money(rng) * (-1 if name in ("refunds", "discounts", "invalid_traffic_credits") else 1)
    stages = STAGES[cut:] if comes else STAGES[:cut]
    record = Record(beside.figure, f"{name}-{beside.key}-{number}", value, stages, kind)
    known = _at(edge, name, value if comes else -value, record.figure)
    return Fault(name, record, partial(_mark, name=name), lambda _: known, brings=True)


def _mark(record: Record, *, name: str) -> None:
    record.flag = name if name in FLAGS else None
    record.late_hours = 3 if name in ("late_rows", "partial_day") else 0
    record.unfinished = name == "partial_day"
    record.page = f"page of {record.key}" if name == "missing_pages" else "1"


def known(faults: Sequence[Fault]) -> dict[Known, Decimal]:
    """What all faults must cost together, by figure, checkpoints and bucket; nothing where they cancel out."""
    sums: dict[Known, Decimal] = {}
    for fault in faults:
        for key, value in fault.known(fault.record).items():
            sums[key] = sums.get(key, Decimal(0)) + value
    return {key: value for key, value in sums.items() if value}
