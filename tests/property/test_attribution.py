"""Credit for conversions, whatever the journeys: nothing is lost, nothing is invented, and only the rules decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tasks.build.attribution import AttributionRules, credits_sql

MODELS = {"first_touch", "last_touch", "last_non_direct", "linear", "position_based", "time_decay"}
RULE_MODELS = MODELS - {"time_decay"}
START = datetime(2026, 3, 1)  # the clocks change within the windows of these days
MINUTE = 60
AGREED = AttributionRules()
FEW = settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Touch:
    id: str
    person: str
    at: int  # seconds since START
    channel: str
    kind: str = "click"


@dataclass(frozen=True)
class Conversion:
    id: str
    person: str | None
    at: int
    cents: int


@dataclass(frozen=True)
class Credit:
    entry: str
    model: str
    touch: str | None
    channel: str
    credit: Decimal
    cents: int
    unattributed: bool


@dataclass(frozen=True)
class World:
    touches: tuple[Touch, ...]
    conversions: tuple[Conversion, ...]


class Judge:
    """Runs the SQL of the marts on a world."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        columns = "touch_id varchar, person_id varchar, touched_at timestamp, channel varchar, touch_type varchar"
        connection.execute(f"create table touches ({columns})")
        columns = "conversion_id varchar, person_id varchar, converted_at timestamp, revenue_cents bigint"
        connection.execute(f"create table conversions ({columns})")
        named = "select conversion_id as entry_id, conversion_id, revenue_cents from conversions"
        connection.execute(f"create view entries as {named}")

    def __call__(self, world: World, rules: AttributionRules = AGREED) -> list[Credit]:
        at = {t: START + timedelta(seconds=t) for t in {each.at for each in (*world.touches, *world.conversions)}}
        self._fill("touches", [(t.id, t.person, at[t.at], t.channel, t.kind) for t in world.touches])
        self._fill("conversions", [(c.id, c.person, at[c.at], c.cents) for c in world.conversions])
        wanted = "entry_id, model, touch_id, channel, credit, revenue_cents, is_unattributed"
        sql = f"select {wanted} from ({credits_sql('touches', 'conversions', 'entries', rules)}) order by all"
        return [Credit(*row) for row in self._connection.execute(sql).fetchall()]

    def _fill(self, table: str, rows: Sequence[tuple[object, ...]]) -> None:
        self._connection.execute(f"delete from {table}")
        if rows:
            places = ", ".join(f"({', '.join('?' * len(rows[0]))})" for _ in rows)
            self._connection.execute(f"insert into {table} values {places}", [v for row in rows for v in row])


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with duckdb.connect() as connection:
        yield Judge(connection)


CHANNELS = st.sampled_from(["direct", "email", "paid_search", "Социальные", "広告"])
MOMENTS = st.integers(0, 60 * 24 * 60).map(lambda minutes: minutes * MINUTE)
CENTS = st.one_of(
    st.sampled_from([0, 1, -1, 2, 100, -100, 10**15 + 7, 2**63 - 1, -(2**63)]), st.integers(-(10**6), 10**6)
)
PEOPLE = st.sampled_from(["a", "b", "ü"])


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Up to three people with touches and conversions at any time, ties included, and a conversion of nobody."""
    touches = draw(st.lists(st.tuples(PEOPLE, MOMENTS, CHANNELS), max_size=12))
    conversions = draw(st.lists(st.tuples(PEOPLE, MOMENTS, CENTS), min_size=1, max_size=4))
    nobody = Conversion("c-nobody", None, 0, 17)
    return World(
        tuple(Touch(f"t{n:02}", person, at, channel) for n, (person, at, channel) in enumerate(touches)),
        (nobody, *(Conversion(f"c{n}", person, at, cents) for n, (person, at, cents) in enumerate(conversions))),
    )


@st.composite
def journeys(draw: st.DrawFn, size: st.SearchStrategy[int] = st.integers(1, 7)) -> World:  # noqa: B008
    """One person, one conversion on day 40, touches at different times within its window."""
    count = draw(size)
    moments = st.lists(st.integers(11, 39 * 24 * 60), min_size=count, max_size=count, unique=True)
    places = sorted(10 * 24 * 3600 + at * MINUTE for at in draw(moments.map(lambda all_: [m % 43000 for m in all_])))
    assume(len(set(places)) == count)
    channels = draw(st.lists(CHANNELS, min_size=count, max_size=count))
    touches = [Touch(f"t{n}", "a", at, channel) for n, (at, channel) in enumerate(zip(places, channels, strict=True))]
    return World(tuple(touches), (Conversion("c", "a", 40 * 24 * 3600, draw(CENTS)),))


def _by_channel(found: Sequence[Credit], model: str) -> dict[str, Decimal]:
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for each in found:
        if each.model == model:
            sums[each.channel] += each.credit
    return {channel: round(total, 12) for channel, total in sums.items() if total}


def _of(found: Sequence[Credit], model: str) -> list[tuple[str | None, Decimal, int]]:
    return [(each.touch, each.credit, each.cents) for each in found if each.model == model]


@FEW
@given(worlds())
def test_every_conversion_stands_under_every_model_once_and_to_the_cent(judge: Judge, world: World) -> None:
    found = judge(world)
    credit: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    cents: defaultdict[tuple[str, str], int] = defaultdict(int)
    for each in found:
        credit[each.entry, each.model] += each.credit
        cents[each.entry, each.model] += each.cents
        assert 0 <= each.credit <= 1
    assert dict(cents) == {(c.id, model): c.cents for c in world.conversions for model in MODELS}
    assert all(abs(total - 1) <= Decimal("1e-9") for total in credit.values())
    assert len({(each.entry, each.model, each.touch) for each in found}) == len(found)
    assert all(each.unattributed for each in found if each.entry == "c-nobody")
    assert all((each.touch is None, each.channel == "direct") == (True, True) for each in found if each.unattributed)


@FEW
@given(worlds(), st.randoms(use_true_random=False))
def test_only_people_times_and_channels_decide(judge: Judge, world: World, dice: object) -> None:
    found = judge(world)
    touches, conversions = list(world.touches), list(world.conversions)
    dice.shuffle(touches)  # type: ignore[attr-defined]
    dice.shuffle(conversions)  # type: ignore[attr-defined]
    assert judge(World(tuple(touches), tuple(conversions))) == found
    renamed = World(
        tuple(replace(t, person="x" + t.person) for t in touches),
        tuple(replace(c, person=c.person and "x" + c.person) for c in conversions),
    )
    assert judge(renamed) == found
    relabelled = World(tuple(replace(t, channel=_other(t.channel)) for t in touches), world.conversions)
    assert judge(relabelled) == sorted((replace(each, channel=_other(each.channel)) for each in found), key=_order)
    apart = [judge(World(world.touches, (conversion,))) for conversion in world.conversions]
    assert sorted((each for part in apart for each in part), key=_order) == found


def _other(channel: str) -> str:
    return channel if channel == "direct" else channel + "'s"


def _order(each: Credit) -> tuple[object, ...]:
    return (
        each.entry,
        each.model,
        each.touch or "~",
        each.channel.encode(),
        each.credit,
        each.cents,
        each.unattributed,
    )


@FEW
@given(worlds(), CHANNELS)
def test_touches_outside_the_window_and_after_the_conversion_change_nothing(
    judge: Judge, world: World, channel: str
) -> None:
    conversion = world.conversions[-1]
    alone = World(world.touches, (conversion,))
    assert conversion.person
    window = 30 * 24 * 3600
    too_early = Touch("x1", conversion.person, conversion.at - window - 1, channel)
    too_late = Touch("x2", conversion.person, conversion.at + 1, channel)
    view = Touch("x3", conversion.person, conversion.at, channel, "view")
    more = replace(alone, touches=(*world.touches, too_early, too_late, view))
    assert judge(more) == judge(alone)
    ends = (replace(too_early, at=conversion.at - window), replace(too_late, at=conversion.at))
    both = judge(replace(alone, touches=ends))
    assert {each.touch for each in both if each.model == "linear"} == {"x1", "x2"}


@FEW
@given(journeys(st.integers(2, 7)))
def test_an_earlier_first_touch_changes_only_time_decay(judge: Judge, world: World) -> None:
    first, *others = world.touches
    earlier = World((replace(first, at=10 * 24 * 3600), *others), world.conversions)
    before, after = judge(world), judge(earlier)
    assert [each for each in after if each.model in RULE_MODELS] == [e for e in before if e.model in RULE_MODELS]


@FEW
@given(journeys(st.integers(1, 2)), CHANNELS)
def test_short_journeys_and_one_channel_leave_no_choice(judge: Judge, world: World, channel: str) -> None:
    found = judge(world)
    if len(world.touches) == 1:
        assert {(each.touch, each.credit) for each in found} == {("t0", 1)}
    else:
        assert _of(found, "position_based") == _of(found, "linear")
        assert [credit for _, credit, _ in _of(found, "linear")] == [Decimal("0.5")] * 2
    same = World(tuple(replace(t, channel=channel) for t in world.touches), world.conversions)
    assert {(model, *_by_channel(judge(same), model).items()) for model in MODELS} == {
        (model, (channel, Decimal(1))) for model in MODELS
    }


@FEW
@given(journeys())
def test_time_decay_lies_between_linear_and_last_touch_and_knows_no_clock_change(judge: Judge, world: World) -> None:
    slow, fast = (judge(world, AttributionRules(half_life_days=days)) for days in (1e18, 1e-9))
    assert _of(slow, "time_decay") == _of(slow, "linear")
    assert [row for row in _of(fast, "time_decay") if row[1]] == _of(fast, "last_touch")
    shift = 20 * 24 * 3600
    later = World(
        tuple(replace(t, at=t.at + shift) for t in world.touches),
        tuple(replace(c, at=c.at + shift) for c in world.conversions),
    )
    assert judge(later) == judge(world)


@FEW
@given(worlds())
def test_last_non_direct_prefers_what_is_not_direct(judge: Judge, world: World) -> None:
    found = judge(world)
    for conversion in world.conversions:
        own = [each for each in found if each.entry == conversion.id]
        channels = {each.channel for each in own if each.model == "linear"}
        chosen = {each.channel for each in own if each.model == "last_non_direct"}
        assert chosen != {"direct"} or channels == {"direct"}
        if "direct" not in channels or channels == {"direct"}:
            assert _of(own, "last_non_direct") == _of(own, "last_touch")


@FEW
@given(journeys(st.integers(1, 4)))
def test_a_path_walked_twice_keeps_the_shares_of_its_channels_under_linear(judge: Judge, world: World) -> None:
    again = tuple(replace(t, id="again-" + t.id, at=t.at + 1) for t in world.touches)
    twice = replace(world, touches=(*world.touches, *again))
    assert _by_channel(judge(twice), "linear") == pytest.approx(
        _by_channel(judge(world), "linear"), abs=Decimal("1e-12")
    )


@FEW
@given(worlds(), worlds())
def test_rule_models_are_additive(judge: Judge, one: World, other: World) -> None:
    moved = World(
        tuple(replace(t, id="o" + t.id, person="o" + t.person) for t in other.touches),
        tuple(replace(c, id="o" + c.id, person=c.person and "o" + c.person) for c in other.conversions),
    )
    both = World((*one.touches, *moved.touches), (*one.conversions, *moved.conversions))
    assert judge(both) == sorted((*judge(one), *judge(moved)), key=_order)


def test_a_view_counts_in_its_own_window_where_no_click_may(judge: Judge) -> None:
    day = 24 * 3600
    rules = AttributionRules(view_window_days=1)
    fresh, stale = Touch("fresh", "a", 39 * day, "display", "view"), Touch("stale", "a", 38 * day, "display", "view")
    click, bought = Touch("click", "a", 20 * day, "email"), (Conversion("c", "a", 40 * day, 999),)
    assert {each.touch for each in judge(World((fresh, stale), bought), rules)} == {"fresh"}
    assert {each.touch for each in judge(World((fresh, stale), bought))} == {None}
    assert {each.touch for each in judge(World((fresh, click), bought), rules)} == {"click"}
