"""A change of an old day is told with its amounts; a change within the look-back is a figure, not a warning."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from expectations.declare.source import load_all
from expectations.judge.measurement import Measurement, Measurements
from expectations.judge.restatement import restatement
from expectations.judge.rules import Subject
from expectations.judge.suites import Planned, suite_of
from tasks.window import Window

CHECK = "restatement"
GOOGLE = Subject("Google Ads", "ad_performance", unit="USD")


def _changed(day: int, field: str, before: str, now: str, account: str = "123") -> Measurement:
    at = date(2026, 9, day)
    return Measurement("restated_beyond", Decimal(now), account, at, field, Decimal(before), sync_id=17)


def _judged(*rows: Measurement) -> list[tuple[str, str, str, str]]:
    found = restatement(Measurements(rows), GOOGLE, look_back=30)
    return [(f.scope, f.state, f.sentence, f.observed) for f in found]


def test_an_old_day_is_told_with_before_after_difference_and_sync() -> None:
    said = _judged(_changed(1, "spend", "80", "100.5"), _changed(1, "clicks", "12", "1000"))
    assert said == [
        (
            "ad_performance 123",
            "warned",
            "Google Ads ad_performance: sync 17 changed a day of account 123 beyond the declared look-back of 30 days. "
            "2026-09-01: spend 80.00 USD before, 100.50 USD now (+20.50 USD), clicks 12 before, 1,000 now (+988).",
            "spend +20.50 USD, clicks +988",
        )
    ]


def test_many_old_days_are_one_warning_for_each_account() -> None:
    rows = [_changed(day, "spend", "10", "9") for day in range(1, 6)] + [_changed(1, "rows", "1", "0", "9")]
    (first, second) = _judged(*rows)
    assert "changed 5 days of account 123" in first[2]
    assert first[2].endswith("2026-09-03: spend 10.00 USD before, 9.00 USD now (-1.00 USD); and 2 more days.")
    assert (first[3], second[3]) == ("spend -5.00 USD", "rows -1")


def test_a_change_within_the_look_back_is_a_figure_and_no_incident() -> None:
    within = Measurement("restated_within", Decimal("12.5"), "123", None, "spend", Decimal(300), 4)
    ((scope, state, sentence, observed),) = _judged(within)
    assert (scope, state) == ("ad_performance", "passed")
    assert sentence.endswith("within its look-back of 30 days, as declared: spend 12.50 USD in 4 account-days.")
    assert observed == "spend 12.50 USD in 4 account-days"


def test_nothing_changed_is_said_too() -> None:
    assert _judged()[0][1:3] == ("passed", "Google Ads ad_performance: no closed day changed (look-back 30 days).")


def test_every_stream_of_days_is_judged_by_the_look_back_of_its_source() -> None:
    window = Window.parse("2026-11-17")
    planned = {
        stream.name: [p.arguments["look_back"] for p in suite.planned if isinstance(p, Planned) and p.check == CHECK]
        for source in load_all().values()
        for stream in source.streams.values()
        for suite in [suite_of(source, stream, window, closed=[], history_days=0)]
    }
    assert (planned["ad_performance"], planned["ads_insights"], planned["events"]) == ([30], [28], [4])
    assert (planned["campaigns"], planned["orders"]) == ([], [])
