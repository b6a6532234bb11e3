"""Names of flow runs, so that the list of runs in the UI reads as a log."""

from __future__ import annotations

from datetime import date
from typing import Any

from prefect.runtime import flow_run

from tasks.window import Window


def run_name() -> str:
    """`refresh google_ads 2026-11-17`, from the flow's own parameters and its scheduled time."""
    given: dict[str, Any] = dict(flow_run.parameters)
    verb = str(flow_run.flow_name).replace("-", "_").split("_")[0]
    what = [verb, str(given.get("source", "")), _when(given)]
    return " ".join(part for part in what if part)


def _when(given: dict[str, Any]) -> str:
    window, day = given.get("window"), given.get("day") or given.get("month")
    if isinstance(window, Window):
        return window.label
    if isinstance(window, dict):
        return Window.model_validate(window).label
    if isinstance(day, date | str):
        return str(day)
    return f"{flow_run.scheduled_start_time:%Y-%m-%dT%H:%M}"


def backfill_name() -> str:
    """`backfill replay 2026-10-12..2026-10-18`."""
    given: dict[str, Any] = dict(flow_run.parameters)
    days = given.get("window")
    first, last = (days.get(n) if isinstance(days, dict) else getattr(days, n, "") for n in ("first_day", "last_day"))
    return f"backfill {given.get('mode', 'replay')} {first}..{last}"
