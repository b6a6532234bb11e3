"""The benchmark of anomalies: its rivals do what is documented, and the ladder keeps its promises."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from deployments.bench import anomaly_scores
from deployments.bench.anomalies import missed_targets
from deployments.bench.anomaly_faults import FAULTS, faulty
from deployments.bench.anomaly_real import exchanges, series
from deployments.bench.anomaly_rivals import RIVALS, elementary, holt_winters
from deployments.bench.anomaly_scores import Score
from deployments.bench.anomaly_series import account
from expectations.judge.ladder.panel import Floats, Panel

DAY = 200


@lru_cache(maxsize=1)
def short() -> Panel:
    """Three channels of an account over nine months."""
    whole = account(1500)
    mine, days = whole.channel < 3, 280
    names = ("rows", "spend", "clicks", "impressions")
    return replace(
        whole,
        days=whole.days[:days],
        channels=whole.channels[:3],
        channel=whole.channel[mine],
        hours=np.full((days, 3), 24.0),
        up=whole.up[:days],
        down=whole.down[:days],
        **{name: getattr(whole, name)[:days, mine] for name in names},
    )


@pytest.mark.parametrize("name", RIVALS)
def test_no_rival_reads_a_later_day(name: str) -> None:
    totals = short().totals(short().spend)
    later = totals.copy()
    later[DAY:] *= 100
    for factor in (0.0, 0.5, 1.0, 2.0, 5.0):
        one, other = (RIVALS[name](known)(totals * factor)[: DAY + 1] for known in (totals, later))
        assert np.array_equal(one, other)


def test_the_default_of_elementary_cannot_see_a_zero_in_a_series_that_swings() -> None:
    swinging: Floats = np.tile([[100.0], [140.0]], (15, 1))
    judge = elementary(swinging)
    assert not judge(np.zeros(swinging.shape))[20, 0]
    assert judge(swinging * 100)[20, 0]
    # z of one value among n is at most (n - 1) / sqrt(n)
    values = np.append(swinging[7:20, 0], 1e12)
    assert abs(values[-1] - values.mean()) / values.std(ddof=1) == pytest.approx(13 / np.sqrt(14))


def test_robust_holt_winters_follows_a_week_and_forgets_one_bad_day() -> None:
    weeks: Floats = np.tile([[100.0], [90.0], [95.0], [110.0], [120.0], [60.0], [50.0]], (30, 1))
    judge = holt_winters(weeks)
    assert not judge(weeks)[60:].any()
    assert judge(weeks * 1.5)[60:].all()
    once = weeks.copy()
    once[100] *= 10
    assert not holt_winters(once)(weeks)[101:].any()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_touches_its_channel_alone(fault: object) -> None:
    panel = short()
    harmed = faulty(panel, 1, next(each for each in FAULTS if each is fault))
    others = panel.channel != 1
    for name in ("rows", "spend", "clicks", "impressions"):
        assert np.array_equal(getattr(panel, name)[:, others], getattr(harmed, name)[:, others])
    assert any(not np.array_equal(getattr(panel, n), getattr(harmed, n), equal_nan=True) for n in ("rows", "spend"))


def test_alerts_within_three_days_are_one_incident() -> None:
    alerts = np.zeros(30, dtype=np.bool_)
    alerts[[1, 2, 5, 9, 20]] = True
    assert anomaly_scores._incidents(alerts) == 3


def test_the_ladder_keeps_its_promises_on_an_account_that_it_was_not_tuned_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anomaly_scores, "RIVALS", {})
    (score,) = anomaly_scores.judge_panel(short()).values()
    exact = [fault.name for fault in FAULTS if fault.target == 1.0]
    assert {name: score.share(name) for name in exact} == dict.fromkeys(exact, 1.0)
    assert [text for text in missed_targets(score) if text.startswith("spend alone")] == []
    assert score.share("all halved") > 0.6  # a few days of three channels; the promise is about many accounts
    assert score.event_alerts == 0


def test_a_promise_that_is_not_kept_is_named() -> None:
    score = Score(found={"zero spend": 9}, tried={"zero spend": 10}, incidents=[30.0], messages=[9.0])
    for fault in FAULTS[1:]:
        score.add(fault.name, 10, 10)
    for name in ("echo", "masking", "creep"):
        score.add(name, 0, 10)
    score.days = score.series = score.event_days = 100
    missed = missed_targets(score)
    assert missed[0] == "zero spend: 0.900 of 1.0"
    assert [text.split(":")[0] for text in missed[1:]] == ["incidents_median", "incidents_p90"]


def test_real_series_that_are_not_there_are_skipped_in_words(tmp_path: Path) -> None:
    for skipped in (series(tmp_path / "none"), exchanges(tmp_path / "none")):
        assert isinstance(skipped, str)
        assert skipped.startswith("skipped: ")
