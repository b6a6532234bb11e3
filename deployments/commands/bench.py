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
    from deployments.bench.load import run

    run(events, as_json=as_json)


@app.command()
def day(as_json: JsonOption = False) -> None:
    """Where a close spends its time, from the outcome rows."""
    from deployments.local import stack

    os.environ.update(stack.environment())
    from deployments.bench.day import run

    run(as_json=as_json)


@app.command()
def events(
    count: Annotated[int, typer.Option("--events", help="How many events.")] = 1_000_000, as_json: JsonOption = False
) -> None:
    """How fast the simulated BrightCart writes GA4 export events, from seed to gz bytes."""
    from deployments.bench.events import run

    run(count, as_json=as_json)


@app.command()
def faults(
    only: Annotated[list[str] | None, typer.Option(help="A case of deployments/faults.md; may be repeated.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Every fault of deployments/faults.md against a local stack of its own; the marts must come out the same."""
    from deployments.bench.faults import bench

    bench(only or (), as_json=as_json)


@app.command()
def fuzz(
    objects: Annotated[int, typer.Option(min=1, help="How many mutated landing objects.")] = 10_000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same objects.")] = 1,
) -> None:
    """Seal mutated objects, and have another reader count every line and compare every payload."""
    from deployments.bench.fuzz import run

    run(objects, seed)


@app.command()
def crash(
    points: Annotated[int, typer.Option(min=1, help="How many moments to kill at.")] = 200,
    seed: Annotated[int, typer.Option(help="Which moments: the same seed, the same moments.")] = 1,
    only: Annotated[int, typer.Option(help="One boundary alone, by the number that a failure printed.")] = 0,
    *,
    source: Annotated[list[str] | None, typer.Option("--source", "-s", help="Sources of the day.")] = None,
    at_once: Annotated[int, typer.Option(min=1, max=16, help="Runs side by side.")] = 2,
    minutes: Annotated[float, typer.Option(min=0, help="Begin no further point after so long; 0: try all.")] = 0,
) -> None:
    """Kill a day (refresh, close) with SIGKILL at many moments; what the next run leaves must equal an unharmed one."""
    from rich.console import Console

    from deployments.bench.crash import Plan, run

    run(Console(highlight=False), Plan(points, seed, only, tuple(source or ("hubspot",)), at_once, minutes=minutes))


@app.command()
def growth(
    days: Annotated[int, typer.Option(min=6, help="How many days follow each other.")] = 180,
    scale: Annotated[float, typer.Option(help="Size of the world; 1.0 is 50 M events a day.")] = 0.00002,
    as_json: JsonOption = False,
) -> None:
    """What the last of many days costs against the first, and a replay of all against so many single days."""
    from deployments.bench.growth import run

    run(days, scale, as_json=as_json)


@app.command()
def backfill(
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 30,
    scale: Annotated[float, typer.Option(help="Size of the world; 0.02 is 1 M events a day.")] = 0.02,
    as_json: JsonOption = False,
) -> None:
    """Seal, stage, compare and promote many days: wall time, rows a second, peak memory."""
    from deployments.bench.backfill import run

    run(days, scale, as_json=as_json)


@app.command()
def models(
    days: Annotated[int, typer.Option(min=14, help="How many days of history the longer warehouse has.")] = 180,
    scale: Annotated[float, typer.Option(help="Size of the world; 0.02 is 1 M events a day.")] = 0.02,
    as_json: JsonOption = False,
) -> None:
    """What typing and building one more day costs with a long history, against a week of it."""
    from deployments.bench.models import run

    run(days, scale, as_json=as_json)


@app.command()
def people(
    days: Annotated[int, typer.Option(min=1, help="How many days are known before the one that is measured.")] = 180,
    scale: Annotated[float, typer.Option(help="Size of the world; 0.02 is 1 M events a day.")] = 0.02,
    as_json: JsonOption = False,
) -> None:
    """What one more day costs the identity step, beside resolving all days at once."""
    from deployments.bench.people import run

    run(days, scale, as_json=as_json)


@app.command()
def anomalies(
    accounts: Annotated[int, typer.Option(min=2, help="How many accounts of five channels and two years.")] = 20,
    seeds: Annotated[int, typer.Option(help="The first seed; 1000 to 1999 were used for development.")] = 2000,
    variants: Annotated[int, typer.Option(min=0, help="Accounts of each other kind; 0: none.")] = 4,
    *,
    as_json: JsonOption = False,
) -> None:
    """The ladder of spend anomalies beside the rules of other tools, on the same accounts and the same faults."""
    from deployments.bench.anomalies import run

    run(accounts, seeds, variants=variants, as_json=as_json)


@app.command()
def quality(
    rows: Annotated[int, typer.Option(min=1000, help="How many GA4 export events the window has.")] = 2_000_000,
    as_json: JsonOption = False,
) -> None:
    """Measuring, judging and documenting a window against loading and building it; and against stock expectations."""
    from deployments.bench.quality import run

    run(rows, as_json=as_json)


@app.command()
def reconcile(
    days: Annotated[int, typer.Option(min=1, help="How many days of each account are generated.")] = 200,
    faults: Annotated[int, typer.Option(min=0, help="How many faults of known amount on each day.")] = 12,
    seed: Annotated[int, typer.Option(help="The same seed makes the same days and faults.")] = 1,
    *,
    as_json: JsonOption = False,
) -> None:
    """Faults of known amounts in generated days; the waterfall must name each of them to the cent, in any order."""
    from deployments.bench.reconcile import run

    run(days, faults, seed, as_json=as_json)
