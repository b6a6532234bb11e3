"""A seeded share of `plumbline bench fuzz`: every kind of mutation, judged by a reader with no code of seal."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest

from deployments.bench.fuzz import fuzz, report
from deployments.bench.fuzz_objects import LINES, OBJECTS, object_of
from deployments.bench.fuzz_oracle import lines_of, unpacked
from tasks.settings import settings

OBJECTS_HERE = 120


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PLUMBLINE_TOKEN_KEY", "")
    monkeypatch.setenv("PLUMBLINE_HOME", "")
    yield
    settings.cache_clear()


def test_every_line_of_mutated_objects_is_sealed_or_quarantined_or_its_object_refused() -> None:
    tally = fuzz([range(first, first + 40) for first in range(0, OBJECTS_HERE, 40)], seed=7)
    said = report(tally, 7, 0)
    assert tally.faults == [], said
    assert tally.lines == tally.rows + tally.quarantined
    assert tally.objects == OBJECTS_HERE
    assert set(tally.kinds) == set(LINES) | set(OBJECTS)
    assert min(tally.refused, tally.rows, tally.quarantined) > 20
    assert "lines in = rows out + quarantined: yes" in said


def test_the_same_seed_makes_the_same_objects() -> None:
    assert [object_of(3, n) for n in range(60)] == [object_of(3, n) for n in range(60)]
    assert object_of(3, 7) != object_of(4, 7)


def test_the_oracle_knows_a_damaged_object_from_a_sound_one() -> None:
    sound = gzip.compress(b"one\n") + gzip.compress(b"two") + bytes(9)
    assert unpacked(sound) == b"one\ntwo"
    assert all(lines_of(sound[:end]) is None for end in (1, 9, len(sound) - 12))
    assert lines_of(sound + b"x") is None
    assert [line.text for line in lines_of(sound) or ()] == [b"one", b"two"]
