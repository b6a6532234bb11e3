"""Any slices of time of the event export, laid end to end, are the whole."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from deployments.local.saas.blocks import Request
from deployments.local.saas.ga4_export import STREAMS
from deployments.local.saas.world import World

WORLD = World(seed=5, scale=0.00002)
START = date(2026, 10, 29)  # the clocks go back on the third day
BEGIN, END = datetime(2026, 10, 29, tzinfo=UTC), datetime(2026, 11, 5, 5, 40, tzinfo=UTC)
SECONDS = int((END - BEGIN).total_seconds())


def events(since: datetime | None, until: datetime) -> list[bytes]:
    return [text for block in STREAMS["events"](WORLD, Request(START, since, until)) for text in block.payloads]


WHOLE = sorted(events(None, END))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, SECONDS - 1), max_size=5, unique=True))
def test_slices_of_time_add_up_to_the_whole(cuts: list[int]) -> None:
    ends = [*(BEGIN + timedelta(seconds=cut) for cut in sorted(cuts)), END]
    starts: list[datetime | None] = [None, *ends[:-1]]
    parts = [events(since, until) for since, until in zip(starts, ends, strict=True)]
    assert sorted(text for part in parts for text in part) == WHOLE


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 7 * 48), st.integers(1, 96))
def test_the_control_of_a_slice_never_shrinks(half_hours: int, more: int) -> None:
    before, after = (BEGIN + timedelta(minutes=30 * n + 10) for n in (half_hours, half_hours + more))
    found = [
        {text.split(b'"')[3]: text for block in STREAMS["events_control"](WORLD, request) for text in block.payloads}
        for request in (Request(START, None, before), Request(START, None, after))
    ]
    assert set(found[0]) <= set(found[1])
