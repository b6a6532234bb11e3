"""The Data API's reports follow the export within one to three percent and are never equal to it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from deployments.local.saas.blocks import Request
from deployments.local.saas.ga4_reports import STREAMS, deviation
from deployments.local.saas.ga4_truth import sessions_of_day
from deployments.local.saas.seasons import number
from deployments.local.saas.world import World
from tests.unit.ga4_counts import events_visible

WORLD = World(seed=11, scale=0.0005)
START, DAY = date(2026, 11, 11), date(2026, 11, 16)
CLOSED = datetime(2026, 11, 17, 5, 40, tzinfo=UTC)


def rows(stream: str, since: datetime | None = None, until: datetime = CLOSED) -> list[dict[str, Any]]:
    blocks = STREAMS[stream](WORLD, Request(START, since, until))
    return [json.loads(text) for block in blocks for text in block.payloads]


def test_sessions_deviate_by_one_to_three_percent_from_the_export() -> None:
    by_day: dict[str, int] = {}
    for row in rows("sessions_by_channel"):
        by_day[row["date"]] = by_day.get(row["date"], 0) + row["sessions"]
    for n in range((DAY - START).days + 1):
        day = START + timedelta(days=n)
        share = by_day[f"{day:%Y%m%d}"] / sessions_of_day(WORLD, day, CLOSED)
        assert 0.0095 < abs(share - 1) < 0.0305
        assert share == pytest.approx(deviation(WORLD.dice, number(day)), abs=0.001)


def test_events_deviate_by_one_to_three_percent_from_the_export() -> None:
    seen = events_visible(WORLD, START, CLOSED)
    for day in (START + timedelta(days=2), DAY):
        reported = sum(row["eventCount"] for row in rows("events_report") if row["date"] == f"{day:%Y%m%d}")
        counted = seen[day, False] + seen.get((day, True), 0)
        assert 0.008 < abs(reported / counted - 1) < 0.032


@pytest.mark.parametrize(
    ("stream", "names"),
    [
        (
            "sessions_by_channel",
            ("date", "sessionSource", "sessionMedium", "sessionCampaignName", "sessionDefaultChannelGroup"),
        ),
        ("events_report", ("date", "eventName")),
    ],
)
def test_a_report_has_one_row_per_key(stream: str, names: tuple[str, ...]) -> None:
    keys = [tuple(row[name] for name in ("property_id", *names)) for row in rows(stream)]
    assert len(set(keys)) == len(keys)
    assert all(isinstance(part, str) and part for key in keys for part in key)


def test_a_sync_sends_whole_days_back_to_the_look_back() -> None:
    found = rows("sessions_by_channel", CLOSED - timedelta(days=1), CLOSED)
    assert sorted({row["date"] for row in found}) == [f"202611{day}" for day in range(12, 18)]
    whole = rows("sessions_by_channel")
    assert [row for row in whole if row["date"] >= "20261112"] == found


def test_a_day_grows_until_it_is_over() -> None:
    noon, evening = (datetime(2026, 11, 16, hour, tzinfo=UTC) for hour in (17, 23))
    sizes = [
        sum(row["sessions"] for row in rows("sessions_by_channel", noon, instant) if row["date"] == "20261116")
        for instant in (noon, evening, CLOSED)
    ]
    assert 0 < sizes[0] < sizes[1] < sizes[2]


def test_figures_of_a_row_fit_each_other() -> None:
    for row in rows("sessions_by_channel"):
        assert 0 <= row["engagedSessions"] <= row["sessions"]
        assert row["totalUsers"] <= row["sessions"]
        assert row["purchaseRevenue"] >= 0
        assert (row["purchaseRevenue"] > 0) == (row["keyEvents"] > 0)
