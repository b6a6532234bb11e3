"""`plumbline bench`: each benchmark prints ratios of one run, because machines differ and drift."""

from __future__ import annotations

import os
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True)

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line.")]


@app.command()
def load(
    events: Annotated[int, typer.Option(help="How many GA4 export events.")] = 2_000_000, as_json: JsonOption = False
) -> None:
    """Seal, load and type events, against bare DuckDB reading the same objects."""
    from deployments.bench_load import run

    run(events, as_json=as_json)


@app.command()
def day(as_json: JsonOption = False) -> None:
    """Where a close spends its time, from the outcome rows."""
    from deployments.local import stack

    os.environ.update(stack.environment())
    from deployments.bench_day import run

    run(as_json=as_json)


@app.command()
def events(
    count: Annotated[int, typer.Option("--events", help="How many events.")] = 1_000_000, as_json: JsonOption = False
) -> None:
    """How fast the simulated BrightCart writes GA4 export events, from seed to gz bytes."""
    from deployments.bench_events import run

    run(count, as_json=as_json)
