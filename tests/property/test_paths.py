"""Markov and Shapley on any paths: shares add up, channels without influence get nothing, order does not matter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.build.paths import MODELS, ChannelCredit, Path, channel_credits, removal_effects

MANY = settings(max_examples=50, deadline=None)
CHANNELS = st.sampled_from(["a", "b", "c", "direct", "поиск"])
PATHS = st.builds(
    Path,
    st.lists(CHANNELS, min_size=1, max_size=6).map(tuple),
    st.integers(0, 1000),
    st.decimals(-1000, 10**9, places=3),
    st.integers(0, 1000),
)
WALKS = st.lists(PATHS, max_size=8)


def _told(paths: Sequence[Path], model: str) -> dict[str, ChannelCredit]:
    return {each.channel: each for each in channel_credits(paths) if each.model == model}


def _walked(paths: Sequence[Path]) -> list[Path]:
    return [path for path in paths if path.conversions + path.nulls]


@MANY
@given(WALKS)
def test_every_model_gives_away_what_there_is(paths: list[Path]) -> None:
    given_away = [path for path in paths if path.conversions + path.nulls or path.value]
    conversions = sum(path.conversions for path in given_away)
    value = float(sum((path.value for path in given_away), Decimal(0)))
    for model in MODELS:
        found = _told(paths, model)
        assert set(found) == {channel for path in given_away for channel in path.channels}
        if conversions or model != "markov":
            assert sum(each.conversions for each in found.values()) == pytest.approx(conversions, rel=1e-12)
            assert sum(each.value for each in found.values()) == pytest.approx(value, rel=1e-9, abs=1e-6)


@MANY
@given(WALKS, st.randoms(use_true_random=False), st.integers(2, 9))
def test_order_and_scale_of_the_paths_do_not_matter(paths: list[Path], dice: object, times: int) -> None:
    shuffled = list(paths)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    rules = [each for each in channel_credits(paths) if each.model != "markov"]
    assert [each for each in channel_credits(shuffled) if each.model != "markov"] == rules
    scaled = [replace(path, conversions=path.conversions * times, nulls=path.nulls * times) for path in paths]
    walked = _walked(paths)
    assert removal_effects(_walked(scaled)) == pytest.approx(removal_effects(walked), abs=1e-12)
    assert removal_effects(_walked(shuffled)) == pytest.approx(removal_effects(walked), abs=1e-12)


@MANY
@given(WALKS)
def test_removal_effects_are_shares_and_one_where_the_chain_cannot_pass_by(paths: list[Path]) -> None:
    effects = removal_effects(_walked(paths))
    converting = [path for path in paths if path.conversions]
    assert all(0 <= effect <= 1 for effect in effects.values())
    if not converting:
        assert set(effects.values()) <= {0.0}
    for ends in ({path.channels[-1] for path in converting}, {path.channels[0] for path in _walked(paths)}):
        if converting and len(ends) == 1:
            assert effects[ends.pop()] == pytest.approx(1, abs=1e-12)


def test_a_chain_of_first_order_can_pass_by_a_channel_that_every_journey_passed() -> None:
    effects = removal_effects([Path(("a", "b", "a"), 1, Decimal(0), 0)])
    assert effects == pytest.approx({"a": 1, "b": 0.5})


@MANY
@given(WALKS)
def test_a_channel_twice_in_a_row_is_one_visit_to_the_chain(paths: list[Path]) -> None:
    collapsed = [replace(path, channels=tuple(channel for channel, _ in groupby(path.channels))) for path in paths]
    assert removal_effects(_walked(collapsed)) == pytest.approx(removal_effects(_walked(paths)), abs=1e-9)


@MANY
@given(WALKS)
def test_removal_effects_equal_a_chain_solved_without_the_channel(paths: list[Path]) -> None:
    walked = _walked(paths)
    whole = _chance(walked, removed=None)
    for channel, effect in removal_effects(walked).items():
        assert effect == pytest.approx(1 - _chance(walked, removed=channel) / whole if whole else 0, abs=1e-9)


def _chance(paths: Sequence[Path], removed: str | None) -> float:
    """The chance to convert, by walking the chain until what is left on the way is nothing."""
    moves: dict[str, dict[str, float]] = {}
    for path in paths:
        for origin, target in zip(("(start)", *path.channels), path.channels, strict=False):
            steps = moves.setdefault(origin, {})
            steps[target] = steps.get(target, 0) + path.conversions + path.nulls
        steps = moves.setdefault(path.channels[-1], {})
        steps["(conversion)"] = steps.get("(conversion)", 0) + path.conversions
        steps["(null)"] = steps.get("(null)", 0) + path.nulls
    here, converted = {"(start)": 1.0} if paths else {}, 0.0
    for _ in range(100_000):
        there: dict[str, float] = {}
        for origin, chance in here.items():
            leaving = sum(moves[origin].values())
            for target, times in moves[origin].items():
                there[target] = there.get(target, 0) + chance * times / leaving
        converted += there.pop("(conversion)", 0)
        here = {state: chance for state, chance in there.items() if state not in ("(null)", removed)}
        if sum(here.values()) < 1e-15:
            break
    return converted


@MANY
@given(WALKS, WALKS)
def test_shapley_is_symmetric_additive_and_gives_a_null_player_nothing(one: list[Path], other: list[Path]) -> None:
    swapped = [replace(path, channels=tuple({"a": "b", "b": "a"}.get(c, c) for c in path.channels)) for path in one]
    mine, theirs = _told(one, "shapley"), _told(swapped, "shapley")
    assert ("a" in mine, "b" in mine) == ("b" in theirs, "a" in theirs)
    assert all(mine[a].conversions == theirs[b].conversions for a, b in ("ab", "ba") if a in mine)
    both, alone = _told([*one, *other], "shapley"), _told(other, "shapley")
    for channel, each in both.items():
        parts = [part[channel].conversions for part in (mine, alone) if channel in part]
        assert each.conversions == pytest.approx(sum(parts), rel=1e-12)
    idle = [*one, Path(("idle",), 0, Decimal(0), 5)]
    assert _told(idle, "shapley")["idle"].conversions == 0
