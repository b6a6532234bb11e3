"""`plumbline bench anomalies`: the ladder beside the rules of other tools, on the same generated accounts.

Development used seeds from 1000 on; the report uses others. The real series that tests keep beside the checkout are
measured, too, where they are there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import numpy as np
from rich.console import Console
from rich.table import Table

from deployments.bench.anomaly_faults import CORE, FAULTS
from deployments.bench.anomaly_real import Real, exchanges, series
from deployments.bench.anomaly_scores import LADDER, Score, measure
from deployments.bench.anomaly_series import FLAVOURS

_FAULTY = 0.002  # of all series-days: about four days a year of an account with five channels
LIMITS = {"incidents_median": 15.0, "incidents_p90": 25.0, "event_share": 0.01, "echo": 0.1}


def run(accounts: int, first_seed: int, *, variants: int, as_json: bool) -> None:
    """Print what each judge finds and how often it is wrong, then the variants, then the real series."""
    console, began = Console(width=150), time.monotonic()
    usual = _measured("usual", first_seed, accounts)
    console.print(_found(usual), _wrong(usual))
    others = {name: _measured(name, first_seed, variants) for name in FLAVOURS if name != "usual" and variants}
    if others:
        console.print(_variants(others))
    exchange, daily = exchanges(), series()
    for real in (exchange, daily):
        console.print(real.table if isinstance(real, Real) else real)
    missed = missed_targets(usual[LADDER])
    console.print("every target is met" if not missed else f"missed: {'; '.join(missed)}", markup=False)
    console.print(f"{accounts} accounts of two years, seeds from {first_seed}: {time.monotonic() - began:.0f} s")
    if as_json:
        body = {name: _figures(score) for name, score in usual.items()}
        flavours = {name: _figures(scores[LADDER]) for name, scores in others.items()}
        told = {"usual": body, "variants": flavours, "missed": missed}
        print(json.dumps(told | {real.name: real.figures for real in (exchange, daily) if isinstance(real, Real)}))


def missed_targets(score: Score) -> list[str]:
    """What the ladder promises and did not reach, in words."""
    figures = _figures(score)
    short = [
        f"{fault.name}: {score.share(fault.name):.3f} of {fault.target}"
        for fault in FAULTS
        if fault.target is not None and score.share(fault.name) < fault.target
    ]
    return short + [
        f"{name}: {figures[name]:.3f}, at most {most}" for name, most in LIMITS.items() if figures[name] > most
    ]


def _measured(flavour: str, first_seed: int, accounts: int) -> dict[str, Score]:
    with ProcessPoolExecutor(2) as pool:
        done = pool.map(partial(measure, flavour=flavour), range(first_seed, first_seed + accounts))
        merged: dict[str, Score] = {}
        for scores in done:
            for name, score in scores.items():
                merged.setdefault(name, Score()).merge(score)
    return merged


def _figures(score: Score) -> dict[str, float]:
    alerts = score.alert_days / score.series
    core = float(np.mean([score.share(name) for name in CORE]))
    figures = {name: score.share(name) for name in score.tried} | {
        "core_recall": core,
        "precision": _FAULTY * core / (_FAULTY * core + alerts),
        "incidents_median": float(np.median(score.incidents)),
        "incidents_p90": float(np.quantile(score.incidents, 0.9)),
        "incidents_series_year": float(np.mean(score.incidents)) * score.days / score.series,
        "messages_median": float(np.median(score.messages)),
        "alert_days_account_year": score.alert_days / score.days * 365.25,
        "event_share": score.event_alerts / score.event_days,
    }
    return {name: round(value, 4) for name, value in figures.items()}


def _found(scores: dict[str, Score]) -> Table:
    table = _table("Found on the same day (share of all ordinary days), by fault", ["fault", *scores, "promised"])
    for fault in FAULTS:
        shares = [
            "-" if fault.rows_only and name != LADDER else f"{score.share(fault.name):.3f}"
            for name, score in scores.items()
        ]
        table.add_row(fault.name, *shares, "" if fault.target is None else f"{fault.target:.2f}")
    return table


_WRONG = {
    "incidents_series_year": "incidents per series-year",
    "incidents_median": "incidents per account-year, median",
    "incidents_p90": "incidents per account-year, p90",
    "messages_median": "messages per account-year (grouped by day)",
    "alert_days_account_year": "alert days per account-year",
    "event_share": "alerts per series-day of an event",
    "echo": "alerts in 28 days after an unrepaired x5",
    "masking": "x2 found a week after an x5",
    "creep": "+4 % a day for 14 days found",
    "core_recall": "recall of the seven core faults",
    "precision": "precision at 0.2 % of days with a fault",
}


def _wrong(scores: dict[str, Score]) -> Table:
    table = _table("Without a fault, and after one", ["figure", *scores, "promised"])
    figures = {name: _figures(score) for name, score in scores.items()}
    for key, words in _WRONG.items():
        digits = 3 if key not in _WRONG or key in ("event_share", "echo", "precision") else 2
        most = f"<= {LIMITS[key]:g}" if key in LIMITS else ""
        table.add_row(words, *(f"{each[key]:.{digits}f}" for each in figures.values()), most)
    return table


def _variants(others: dict[str, dict[str, Score]]) -> Table:
    table = _table("The ladder on other kinds of accounts", ["figure", *others])
    figures = {name: _figures(scores[LADDER]) for name, scores in others.items()}
    for key in (*(fault.name for fault in FAULTS), *_WRONG):
        table.add_row(_WRONG.get(key, key), *(f"{each[key]:.3f}" for each in figures.values()))
    return table


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=title)
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left")
    return table
