"""Real series beside the generated accounts: labelled hourly prices of an ad exchange, and daily figures with faults.

They lie outside of the product (`../shared/datasets` beside the checkout); where they are absent, a sentence says so.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
from rich.table import Table

from deployments.bench.anomaly_faults import CORE
from deployments.bench.anomaly_scores import Score, judge_panel
from expectations.judge.ladder import baseline
from expectations.judge.ladder.bounds import SIGMA_PER_MAD, Rules
from expectations.judge.ladder.panel import Flags, Floats, Panel
from expectations.judge.ladder.robust import before, median

DATASETS = Path(__file__).parents[3] / "shared" / "datasets"
DAILY = {
    "bike_daily.csv": "bike rides",
    "electricity_daily.csv": "electricity",
    "btc_daily.csv": "transactions",
    "peyton.csv": "page views",
}
_IN_LOGARITHMS = ("peyton.csv",)
_WARM_UP_HOURS, _GROUP_HOURS, _HOURS_A_YEAR = 240, 24, 8766


@dataclass(frozen=True)
class Real:
    """A table for people and the same figures for machines."""

    name: str
    table: Table
    figures: dict[str, dict[str, float]]


def series(folder: Path = DATASETS / "daily_series") -> Real | str:
    """The core faults on real daily series without a calendar: one campaign each, so breadth has one voice."""
    if not folder.is_dir():
        return f"skipped: the real daily series are not here ({folder})"
    scores: dict[str, Score] = {}
    for name in DAILY:
        for judge, score in judge_panel(_panel(folder / name)).items():
            scores.setdefault(judge, Score()).merge(score)
    table = Table(title="Real daily series (bike rides, electricity, transactions, page views), no calendar")
    columns = ("judge", *CORE, "incidents per series-year")
    for column in columns:
        table.add_column(column, justify="left" if column == "judge" else "right")
    figures = {}
    for judge, score in scores.items():
        found = {fault: round(score.share(fault), 3) for fault in CORE}
        found["incidents"] = round(float(np.mean(score.incidents)), 2)
        figures[judge] = found
        table.add_row(judge, *(f"{value:.2f}" for value in found.values()))
    return Real("daily_series", table, figures)


def _panel(path: Path) -> Panel:
    with path.open() as file:
        rows = [(date.fromisoformat(row[0][:10]), float(row[1])) for row in list(csv.reader(file))[1:]]
    first = rows[0][0]
    days = tuple(first + timedelta(days=n) for n in range((rows[-1][0] - first).days + 1))
    values = np.full((len(days), 1), np.nan)
    for day, value in rows:
        values[(day - first).days] = np.exp(value) if path.name in _IN_LOGARITHMS else value
    none = np.full(values.shape, np.nan)
    zeros = np.zeros(len(days))
    present = (~np.isnan(values)).astype(np.int64)
    channel = np.zeros(1, dtype=np.int64)
    return Panel(path.stem, days, ("series",), channel, present, values, none, none, zeros, zeros)


@dataclass(frozen=True)
class _Hours:
    """One price by hour with the labelled windows."""

    at: list[datetime]
    value: Floats
    windows: list[tuple[datetime, datetime]]


def exchanges(folder: Path = DATASETS / "nab_ad_exchange") -> Real | str:
    """Labelled windows that each rule hits, and its false incidents (24 hours apart), after ten days of warm-up."""
    if not folder.is_dir():
        return f"skipped: the labelled ad exchange series are not here ({folder})"
    labels = json.loads((folder / "label_windows.json").read_text())
    loaded = [_hours(folder / f"{name}.csv", windows) for name, windows in labels.items()]
    rules: dict[str, Callable[[_Hours], Flags]] = {
        "hourly, 3 sigma of 7 days": _sigma,
        "hourly, median of the hour, k 6": _hour_median,
        "daily, the ladder's price band": _daily,
    }
    table = Table(title="Labelled prices of an ad exchange (Numenta Anomaly Benchmark)")
    for column in ("rule", "windows hit", "windows to hit", "false incidents per series-year"):
        table.add_column(column, justify="left" if column == "rule" else "right")
    figures = {}
    for name, rule in rules.items():
        warm_up = 28 * 24 if rule is _daily else _WARM_UP_HOURS
        counts = np.array([_counted(each, rule(each), warm_up) for each in loaded], dtype=np.float64)
        hit, labelled, false, hours = counts.sum(axis=0)
        figures[name] = {"hit": hit, "windows": labelled, "false_incidents": round(false / hours * _HOURS_A_YEAR, 1)}
        table.add_row(name, f"{hit:.0f}", f"{labelled:.0f}", f"{figures[name]['false_incidents']:.1f}")
    return Real("ad_exchange", table, figures)


def _hours(path: Path, windows: list[list[str]]) -> _Hours:
    with path.open() as file:
        rows = list(csv.DictReader(file))
    read = [datetime.fromisoformat(row["timestamp"]) for row in rows]
    spans = [(datetime.fromisoformat(first), datetime.fromisoformat(last)) for first, last in windows]
    return _Hours(read, np.array([[float(row["value"])] for row in rows]), spans)


def _counted(hours: _Hours, said: Flags, warm_up: int) -> tuple[int, int, int, int]:
    """Windows hit, windows, false incidents, hours judged."""
    alerts = [at for at, is_said in zip(hours.at[warm_up:], said[warm_up:], strict=True) if is_said]
    windows = [(first, last) for first, last in hours.windows if last >= hours.at[warm_up]]
    hit = sum(any(first <= at <= last for at in alerts) for first, last in windows)
    outside = [at for at in alerts if not any(first <= at <= last for first, last in hours.windows)]
    gaps = zip(outside, [datetime.min, *outside], strict=False)
    false = sum(now - earlier > timedelta(hours=_GROUP_HOURS) for now, earlier in gaps)
    return hit, len(windows), false, len(hours.at) - warm_up


def _sigma(hours: _Hours) -> Flags:
    past = np.stack([before(hours.value, back) for back in range(1, 7 * 24 + 1)])
    found: Flags = np.abs(hours.value - past.mean(axis=0)) > 3 * past.std(axis=0, ddof=1)
    return found[:, 0]


def _hour_median(hours: _Hours) -> Flags:
    """ln price less the median of its hour over 14 days and the level of the last 24, by 14 days of its misses."""
    logs = baseline.logarithms(hours.value)
    factor = median(np.stack([before(logs, 24 * back) for back in range(1, 15)]))
    missed = logs - factor
    level = median(np.stack([before(missed, back) for back in range(1, 25)]))
    score = missed - level
    width = SIGMA_PER_MAD * median(np.abs(np.stack([before(score, back) for back in range(1, 14 * 24 + 1)])))
    found: Flags = np.abs(score) > 6 * np.maximum(width, Rules().price_floor)
    return found[:, 0]


def _daily(hours: _Hours) -> Flags:
    """The price band of the ladder on the mean of each day; an alert stands at the first hour of the day after."""
    days = [at.date() for at in hours.at]
    order = sorted(set(days))
    mean = np.array([[np.mean(hours.value[[day == each for day in days]])] for each in order])
    usual, rules = np.zeros(len(order), dtype=np.bool_), Rules()
    logs = baseline.logarithms(mean)
    score = logs - baseline.expected(logs, usual)
    width = np.maximum(
        rules.price_k * baseline.scale(score, usual, rules.price_floor), np.log1p(rules.price_least_share)
    )
    alarmed = {day for day, is_far in zip(order, (np.abs(score) > width)[:, 0], strict=True) if is_far}
    found: Flags = np.array([day in alarmed for day in days], dtype=np.bool_)
    return found
