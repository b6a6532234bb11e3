"""`plumbline period`: close a month with signatures, look at it, open it again, hand it over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deployments.terminal import console, foreground, say

if TYPE_CHECKING:
    from tasks.periods.checklist import Item

app = typer.Typer(no_args_is_help=True)

MonthArgument = Annotated[str, typer.Argument(help="The month, e.g. 2026-10.")]
InvoicesOption = Annotated[
    bool, typer.Option("--require-invoices", help="An invoice for each ad account must be there.")
]
_MARKS = {"ok": "[green]ok[/green]", "warned": "[yellow]warned[/yellow]", "failed": "[red]missing[/red]"}


@app.command()
def check(month: MonthArgument, *, require_invoices: InvoicesOption = False) -> None:
    """What is there and what is missing before a month can be closed. Only looks."""
    from tasks.periods.checklist import checklist, missing
    from tasks.periods.month import over
    from tasks.periods.readings import readings

    items = checklist(readings(over(month)), require_invoices=require_invoices)
    _show(items)
    if missing(items):
        say(f"{month} cannot be closed yet.")
        raise typer.Exit(1)
    say(f'{month} can be closed: plumbline period close {month} --by "Ann Lee (finance), Bo Chen (marketing)"')


@app.command()
def close(
    month: MonthArgument,
    by: Annotated[
        str, typer.Option("--by", help='"Ann Lee (finance), Bo Chen (marketing)": a name for each side.')
    ] = "",
    *,
    note: Annotated[str, typer.Option("--note", help="What should stand beside the signatures.")] = "",
    require_invoices: InvoicesOption = False,
) -> None:
    """Check a month and freeze its published figures, signed by finance and marketing."""
    from tasks.adapters.ops_closes import OpsCloses
    from tasks.doors import ops_store
    from tasks.periods.checklist import checklist, missing
    from tasks.periods.month import month_name, over, signers
    from tasks.periods.readings import readings

    window = over(month)
    signers(by)
    last = OpsCloses(ops_store()).last(month_name(window))
    if last is None or last.action != "closed":
        items = checklist(readings(window), require_invoices=require_invoices)
        _show(items)
        if missing(items):
            say(f"{month} was not closed. Nothing was changed.")
            raise typer.Exit(1)
    _enter()
    from flows.close_period import close_period

    with foreground():
        done = close_period(month=month, by=by, note=note, require_invoices=require_invoices)
    event = done.event
    if done.reused:
        say(f"{event.month} is closed already: version {event.version}, {event.by}, {event.at:%Y-%m-%d %H:%M} UTC.")
        say(f"Nothing was changed. To sign other figures: plumbline period reopen {event.month} --reason ... --by ...")
        return
    say(f"{event.month} is closed: version {event.version}, {event.figures} figures of release {event.release_id}.")
    say(f"Signed by {event.by}. Checksum {event.checksum[:16]}.")
    say(f"To hand it over: plumbline period export {event.month} --to FOLDER")


@app.command()
def reopen(
    month: MonthArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why; it is kept for good.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who decides this.")] = "",
) -> None:
    """Open a closed month again; what was signed stays, and closing it again makes the next version."""
    from tasks.periods.close import closing
    from tasks.periods.month import month_name, over

    closing(month_name(over(month)))
    _enter()
    from flows.close_period import reopen_period

    with foreground():
        event = reopen_period(month=month, reason=reason, by=by).event
    say(f"{event.month} is open again; version {event.version} is kept with {event.changes} restatements.")


@app.command("list")
def list_months() -> None:
    """Every closing and reopening, and how many signed figures would be others now."""
    from tasks import doors
    from tasks.adapters.ops_closes import OpsCloses

    closes = OpsCloses(doors.ops_store())
    events = closes.events()
    if not events:
        say("No month was closed yet. To see what one needs: plumbline period check 2026-10")
        return
    table = Table()
    for head in ("month", "version", "what", "by", "at (UTC)", "figures", "restatements", "reason or note"):
        table.add_column(head, justify="right" if head in ("version", "figures", "restatements") else "left")
    for event in events:
        closed = event.action == "closed"
        moved = len(closes.entries(event.month, event.version)) if closed else event.changes
        what = (event.month, str(event.version), event.action, event.by, f"{event.at:%Y-%m-%d %H:%M}")
        table.add_row(*what, str(event.figures) if closed else "", str(moved), event.reason)
    console.print(table)


@app.command()
def export(
    month: MonthArgument,
    to: Annotated[Path, typer.Option("--to", help="The folder in which the export is made.")],
    version: Annotated[int, typer.Option("--version", help="An earlier version. Empty: the newest.")] = 0,
) -> None:
    """Write a closed month as CSV files with definitions, sign-off and checksums, and as a zip of the same."""
    from tasks.periods.export import export as write
    from tasks.periods.month import month_name, over

    done = write(month_name(over(month)), to, version=version)
    say(f"{done.files} files, {done.figures} figures, {done.entries} restatements: {done.folder}")
    say(f"The same as one file: {done.archive}")


def _show(items: Sequence[Item]) -> None:
    table = Table()
    for head in ("item", "", "what was found"):
        table.add_column(head, overflow="fold")
    for item in items:
        table.add_row(item.name, _MARKS[item.state], item.sentence)
    console.print(table)
    for item in items:
        if item.do and item.state != "ok":
            say(f"{item.name}: {item.do}")


def _enter() -> None:
    from deployments.cli import enter_stack

    enter_stack()
