"""How fast the simulated BrightCart writes GA4 export events, from seed to gz JSONL bytes, on one core."""

from __future__ import annotations

import json

from rich.console import Console
from rich.table import Table


def run(events: int, *, as_json: bool) -> None:
    """Print what `ga4_bench` measures."""
    from deployments.local.saas.ga4_bench import run as measure

    figures = measure(events)
    table = Table(title=f"{events:,} GA4 export events, one core")
    table.add_column("figure")
    table.add_column("value", justify="right")
    for name, value in figures.items():
        table.add_row(name.replace("_", " "), f"{value:,.1f}")
    Console().print(table)
    if as_json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
