"""The simulated BrightCart is a function: any slice, any order, any process gives the same values."""

import subprocess
import sys
from datetime import date, timedelta

import numpy as np

from deployments.local.saas import orders as order_columns
from deployments.local.saas import paths, people
from deployments.local.saas.catalog import ACCOUNTS, EMOJI_NAME, HOSTILE_NAME
from deployments.local.saas.hashing import Dice, Shuffle
from deployments.local.saas.journeys import Sessions, buying_positions, channel_ranges
from deployments.local.saas.orders import Orders
from deployments.local.saas.seasons import local_day, moment, number
from deployments.local.saas.world import World

SCALE = 0.0005
DAY = date(2026, 11, 17)


def fingerprint(seed: int) -> bytes:
    """All columns of some days as one text."""
    world = World(seed, SCALE)
    parts = [world.orders(DAY).total, world.sessions(DAY).click, world.ad_days(2, DAY).cost, world.contacts(DAY).id]
    return b"".join(part.tobytes() for part in parts)


def same(left: Sessions | Orders, right: Sessions | Orders) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in type(left).__slots__)


def test_two_processes_make_the_same_world() -> None:
    program = (
        "import sys, importlib.util as u; spec = u.spec_from_file_location('t', sys.argv[1]);"
        "m = u.module_from_spec(spec); spec.loader.exec_module(m); sys.stdout.buffer.write(m.fingerprint(7))"
    )
    other = subprocess.run([sys.executable, "-c", program, __file__], capture_output=True, check=True).stdout
    assert other == fingerprint(7)


def test_another_seed_is_another_world() -> None:
    assert fingerprint(7) != fingerprint(8)


def test_a_slice_of_the_sessions_equals_the_whole() -> None:
    world = World(7, SCALE)
    whole = world.sessions(DAY)
    assert len(whole) == world.session_count(DAY)
    assert same(whole.take(np.arange(150, 400)), world.sessions(DAY, 150, 400))


def test_some_orders_equal_the_whole_day() -> None:
    dice, day = Dice(7, SCALE), number(DAY)
    chosen = np.array([200, 3, 41])
    assert same(order_columns.orders(dice, day).take(chosen), order_columns.orders_at(dice, day, chosen))


def test_days_can_be_asked_in_any_order() -> None:
    days = [DAY - timedelta(days=n) for n in range(4)]
    forward = [World(11, SCALE).orders(day).total.tolist() for day in days]
    backward = [World(11, SCALE).orders(day).total.tolist() for day in reversed(days)]
    assert forward == backward[::-1]


def test_nobody_orders_twice_on_a_day() -> None:
    found = World(7, SCALE).orders(DAY)
    assert len(np.unique(found.person)) == len(found)


def test_an_order_is_found_from_its_customer() -> None:
    dice, day = Dice(7, SCALE), number(DAY)
    found = order_columns.orders(dice, day)
    gaps = np.array([0, *people.GAPS])
    piece = np.searchsorted(gaps, day - people.birth_of(found.person))
    assert np.array_equal(people.position_of(dice, day, found.person, piece), found.position)


def test_the_parts_of_an_order_add_up() -> None:
    found = World(7, SCALE).orders(DAY)
    lines = found.price * found.quantity - found.line_discount + found.line_tax
    assert np.array_equal(found.total, lines.sum(axis=1) + found.shipping)
    assert (found.refund_subtotal <= found.gross - found.discount).all()


def test_refunds_of_a_day_are_those_of_the_orders_before() -> None:
    world = World(7, SCALE)
    back = {int(ref) for ref in world.refunds(DAY).ref}
    looked_for = set()
    for ago in range(order_columns.LONGEST_REFUND + 3):
        found = world.orders(DAY - timedelta(days=ago))
        given = (found.refunded_at > 0) & (local_day(found.refunded_at) == number(DAY))
        looked_for |= {int(ref) for ref in found.ref[given]}
    assert back == looked_for


def test_refunds_by_strata_equal_refunds_by_search() -> None:
    dice, day = Dice(7, SCALE), number(DAY)
    for delay in (3, 11, 40):
        found = order_columns.orders(dice, day)
        returned = (found.refunded_at > 0) & (found.cancelled_at == 0) & (local_day(found.refunded_at) == day + delay)
        strata = set(order_columns.refundable(dice, day, delay).tolist())
        assert set(found.position[returned].tolist()) <= strata


def test_every_web_order_ends_a_path_of_its_own_day() -> None:
    world, dice = World(7, SCALE), Dice(7, SCALE)
    found = world.orders(DAY)
    web = found.take(found.source == 0)
    seen = world.sessions(DAY).take(buying_positions(dice, number(DAY), web.position))
    assert np.array_equal(seen.order_ref, web.ref)
    assert seen.buys.all()
    assert (seen.started_at < web.created_at).all()


def test_a_path_found_forward_equals_the_path_found_backward() -> None:
    dice, last = Dice(7, SCALE), number(DAY)
    forward: dict[tuple[int, int, int, int], int] = {}
    for order_day in range(last - 5, last + 1):
        shape = paths.shape_of(dice, order_day, np.arange(people.roster(dice, order_day).web))
        for found in shape.tolist():
            for n, touch in enumerate(paths.SHAPES[found]):
                key = (order_day - touch.lag, order_day, found, n)
                forward[key] = forward.get(key, 0) + 1
    for (day, *where), count in forward.items():
        mine = [piece for piece in paths.pieces(dice, day) if [piece.order_day, piece.shape, piece.touch] == where]
        assert [piece.count for piece in mine] == [count]


def test_a_channel_is_two_ranges_of_sessions() -> None:
    seen = World(7, SCALE).sessions(DAY)
    for channel in range(len(paths.CHANNELS)):
        ranges = np.concatenate(channel_ranges(Dice(7, SCALE), number(DAY), channel))
        assert set(ranges.tolist()) == set(np.flatnonzero(seen.channel == channel).tolist())


def test_paid_sessions_and_only_they_name_an_ad() -> None:
    seen = World(7, SCALE).sessions(DAY)
    assert np.array_equal(seen.channel < 2, seen.slot >= 0)
    assert np.array_equal(seen.channel < 2, seen.click > 0)
    assert (seen.click_at[seen.click > 0] < seen.started_at[seen.click > 0]).all()


def test_each_ad_delivery_has_one_account_and_one_local_day() -> None:
    world = World(7, SCALE)
    for place, account in enumerate(ACCOUNTS):
        found = world.ad_days(place, DAY)
        assert len(found) > 20
        assert (local_day(found.at, account.zone) == number(DAY)).all()


def test_the_catalog_is_large_enough_and_hostile() -> None:
    book = World(7, SCALE).catalog
    per_account = np.bincount([campaign.account for campaign in book.campaigns])
    assert per_account.min() >= 5
    names = {campaign.name for campaign in book.campaigns}
    assert {HOSTILE_NAME, EMOJI_NAME} <= names
    assert all(book.ad[slot] < 0 for slot in range(len(book.ad)) if book.campaigns[book.campaign[slot]].kind[0] == "P")


def test_the_world_has_the_promised_size() -> None:
    world = World(7, SCALE)
    week = [DAY - timedelta(days=n) for n in range(7)]
    orders = sum(len(world.orders(day)) for day in week) / 7
    events = sum(int(world.sessions(day).events.sum()) for day in week) / 7
    assert 0.85 < orders / (500_000 * SCALE) < 1.25
    assert 0.85 < events / (50_000_000 * SCALE) < 1.25


def test_a_shuffle_can_be_undone() -> None:
    for size in (1, 2, 7, 250, 4_096):
        shuffle = Shuffle.of(Dice(7, SCALE), "any", 3, size)
        index = np.arange(size)
        assert sorted(shuffle.place(index).tolist()) == index.tolist()
        assert np.array_equal(shuffle.index(shuffle.place(index)), index)


def test_a_local_day_is_as_long_as_its_zone_says() -> None:
    autumn, share = number(date(2026, 11, 1)), np.array([0.0, 0.999999])
    first, last = moment(autumn, share).tolist()
    assert 24.9 < (last - first) / 3_600_000_000 < 25
