"""Commands about exchange rates: give a file, and see what was given."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from deployments.terminal import console

app = typer.Typer(no_args_is_help=True)

ByOption = Annotated[str, typer.Option("--by", help="Who gives them.", default_factory=getpass.getuser)]


@app.command()
def load(
    file: Annotated[Path, typer.Argument(help="CSV with rate_date, currency and rate.")],
    by: ByOption,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why a rate says otherwise than before.")] = "",
) -> None:
    """Keep the rates of a file; they go before those of the seed. The same file twice changes nothing."""
    from tasks.operate.rates import load_rates

    done = load_rates(file, by=by, reason=reason)
    console.print(f"{done.new:,} rates are new, {done.changed:,} corrected, {done.same:,} known as they are")
    if done.new or done.changed:
        console.print("Every amount of their days is priced anew with the next build.")


@app.command("list")
def list_rates() -> None:
    """The latest version of every rate that was given, by currency."""
    from tasks import doors
    from tasks.adapters.ops_rates import given_rates

    found = given_rates(doors.ops_store()).latest()
    if not found:
        console.print(
            "No rate was given: those of dbt/seeds/fx_rates.csv hold. `plumbline rates load FILE` takes a file."
        )
        return
    table = Table()
    for heading in ("Currency", "From", "Rate", "Version", "By"):
        table.add_column(heading, justify="right" if heading == "Rate" else "left")
    for given in found:
        one = given.record
        table.add_row(one.currency, str(one.rate_date), f"{one.rate:f}", str(given.version), given.given_by)
    console.print(table)
