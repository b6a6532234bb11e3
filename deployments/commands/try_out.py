"""`plumbline try`: the pipeline's own SQL and Python on CSV files that an analyst has, without a stack.

Nothing is decided here. The files are read (deployments/try_out/csv_file.py), the text of the marts runs on a DuckDB in
memory, and the result becomes a CSV file, whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from expectations.declare.errors import Misconfigured

app = typer.Typer(no_args_is_help=True, help="The pipeline's own SQL and Python on CSV files that you already have.")

OutOption = Annotated[Path, typer.Option("--out", help="The CSV file to write; one that is there is replaced.")]


@app.command()
def attribution(
    touches: Annotated[
        Path, typer.Option(help="touch_id, person_id, touched_at, channel, touch_type (click or view).")
    ],
    conversions: Annotated[Path, typer.Option(help="conversion_id, person_id, converted_at, revenue_cents.")],
    out: OutOption,
    *,
    refunds: Annotated[
        Path | None,
        typer.Option(help="refund_id, conversion_id, refunded_at, refund_cents: taken back with the same weights."),
    ] = None,
    window_days: Annotated[int, typer.Option(help="Days before the conversion, both ends included.")] = 30,
    view_window_days: Annotated[int, typer.Option(help="Days for views; 0: views get no credit.")] = 0,
    half_life_days: Annotated[float, typer.Option(help="Days after which time decay halves a weight.")] = 7.0,
    position: Annotated[str, typer.Option(help="Per cent for first, middle and last touches.")] = "40,20,40",
) -> None:
    """Credit and cents of each conversion for its touches, by six models."""
    from deployments.try_out.attribution import Exports, run
    from tasks.build.attribution import AttributionRules

    rules = AttributionRules(window_days, view_window_days, half_life_days, _shares(position))
    typer.echo(run(Exports(touches, conversions, refunds), out, rules))


@app.command()
def paths(
    paths: Annotated[
        Path,
        typer.Option(help="path (channels joined by >), total_conversions, total_conversion_value, total_null."),
    ],
    out: OutOption,
) -> None:
    """Conversions and value of each channel by first touch, last touch, linear, Markov and Shapley."""
    from deployments.try_out.one_file import run_paths

    typer.echo(run_paths(paths, out))


@app.command()
def cohorts(
    orders: Annotated[Path, typer.Option(help="order_id, customer_id, ordered_at, net_sales.")], out: OutOption
) -> None:
    """Customers, orders and revenue by month of the first order and months since."""
    from deployments.try_out.one_file import run_cohorts

    typer.echo(run_cohorts(orders, out))


@app.command()
def identity(
    records: Annotated[
        Path,
        typer.Option(help="record_id and any of shopify_customer_id, user_id, hubspot_id, email, phone, client_id ..."),
    ],
    out: OutOption,
) -> None:
    """The person behind each record, with the kind of link and how much to trust it."""
    from deployments.try_out.identity import run_identity

    typer.echo(run_identity(records, out))


@app.command()
def anomalies(
    spend: Annotated[Path, typer.Option(help="date, account, channel, campaign, spend, clicks, impressions.")],
    out: OutOption,
    *,
    calendar: Annotated[
        Path | None,
        typer.Option(help="start_date, end_date, name, multiplier: above 1 more spend is usual, below 1 less."),
    ] = None,
) -> None:
    """Days on which the spend of a channel is not what the days before it and the calendar make expect."""
    from deployments.try_out.anomalies import run_anomalies

    typer.echo(run_anomalies(spend, calendar, out))


def _shares(text: str) -> tuple[int, int, int]:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
        raise Misconfigured(f"{text!r} are no position weights", do="Write three whole numbers, such as 40,20,40")
    return int(parts[0]), int(parts[1]), int(parts[2])
