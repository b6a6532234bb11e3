"""The simulated BrightCart under Hypothesis: any slice, span and order of questions gives the same facts."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.local.saas import orders, reader
from deployments.local.saas.hashing import Dice, Shuffle
from deployments.local.saas.journeys import session_count, sessions, sessions_at
from deployments.local.saas.seasons import instant_of, local_day, micros, midnight, number
from deployments.local.saas.world import World

DICE = Dice(5, 0.0005)
WORLD = World(5, 0.0005)
DAYS = st.dates(date(2026, 9, 1), date(2027, 1, 31))
SOME = settings(max_examples=25, deadline=None)


@SOME
@given(day=DAYS, data=st.data())
def test_any_sessions_equal_those_of_the_whole_day(day: date, data: st.DataObject) -> None:
    size = session_count(DICE, number(day))
    chosen = np.array(data.draw(st.lists(st.integers(0, size - 1), max_size=40)), dtype=np.int64)
    part, whole = sessions_at(DICE, number(day), chosen), sessions(DICE, number(day)).take(chosen)
    assert all(np.array_equal(getattr(part, name), getattr(whole, name)) for name in type(part).__slots__)


@SOME
@given(day=DAYS)
def test_no_refund_is_lost_or_given_twice(day: date) -> None:
    back = orders.refunds(DICE, number(day))
    assert len(np.unique(back.ref)) == len(back)
    assert (local_day(back.refunded_at) == number(day)).all()
    assert (back.refund_subtotal > 0).all()


@SOME
@given(size=st.integers(1, 5_000), day=st.integers(0, 30_000))
def test_a_shuffle_is_a_reordering(size: int, day: int) -> None:
    shuffle, index = Shuffle.of(DICE, "property", day, size), np.arange(size)
    assert len(np.unique(shuffle.place(index))) == size
    assert np.array_equal(shuffle.index(shuffle.place(index)), index)


@SOME
@given(
    day=DAYS,
    zone=st.sampled_from(["America/New_York", "Europe/Berlin", "Asia/Tokyo", "UTC"]),
    second=st.integers(0, 82_799),
)
def test_an_instant_lies_on_the_local_day_it_was_made_for(day: date, zone: str, second: int) -> None:
    at = midnight(number(day), zone) + second * 1_000_000
    assert local_day(np.array([at]), zone).tolist() == [number(day)]
    assert micros(instant_of(at)) == at


@settings(max_examples=8, deadline=None)
@given(hours=st.lists(st.integers(1, 71), max_size=3, unique=True))
def test_the_versions_of_orders_do_not_depend_on_when_one_looks(hours: list[int]) -> None:
    start = datetime(2026, 11, 12, 5, 40, tzinfo=UTC)
    instants = [start + timedelta(hours=hour) for hour in sorted(hours)] + [start + timedelta(hours=72)]
    newest, since = {}, start
    for until in instants:
        newest.update(_orders(since, until))
        since = until
    assert newest == _orders(start, instants[-1])


def _orders(since: datetime, until: datetime) -> dict[bytes, bytes]:
    request = reader.request(date(2026, 10, 1), since, until)
    blocks = reader.read_stream(WORLD, "shopify", stream="orders", request=request)
    return {text[:40]: text for block in blocks for text in block.payloads}
