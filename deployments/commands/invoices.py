"""Commands about what ad platforms invoiced: give a file, and see what is known."""

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
    file: Annotated[Path, typer.Argument(help="CSV with source, account_id, month, invoice_id, currency and amounts.")],
    by: ByOption,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why an invoice says otherwise than before.")] = "",
) -> None:
    """Keep the invoices of a file; the same file twice changes nothing, a correction is a new version."""
    from tasks.operate.invoices import load_invoices

    done = load_invoices(file, by=by, reason=reason)
    console.print(f"{done.new:,} invoices are new, {done.changed:,} corrected, {done.same:,} known as they are")
    if done.new or done.changed:
        console.print("The bridge of spend (fin_spend_bridge) takes them in with the next build.")


@app.command("list")
def list_invoices() -> None:
    """The latest version of every invoice, by month."""
    from tasks import doors
    from tasks.adapters.ops_invoices import given_invoices

    found = sorted(given_invoices(doors.ops_store()).latest(), key=lambda given: given.record.month)
    if not found:
        console.print("No invoice was given. `plumbline invoices load FILE` takes a CSV file.")
        return
    table = Table()
    for heading in ("Month", "Source", "Account", "Invoice", "Version", "Total", "By"):
        table.add_column(heading, justify="right" if heading == "Total" else "left", overflow="fold")
    for given in found:
        one = given.record
        total = f"{one.total:,.2f} {one.currency}"
        table.add_row(one.month, one.source, one.account_id, one.invoice_id, str(given.version), total, given.given_by)
    console.print(table)
