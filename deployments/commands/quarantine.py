"""Commands about what is held back: list it, send it through again, or give it up for a reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deployments.terminal import console, foreground
from expectations.declare.source import load as load_source

if TYPE_CHECKING:
    from tasks.adapters.ops_quarantine import Held

app = typer.Typer(no_args_is_help=True)

SourceOption = Annotated[str, typer.Option("--source", "-s", help="A source, by the name of its declaration.")]
RuleOption = Annotated[str, typer.Option("--rule", help="Only what broke this rule, as `quarantine list` shows it.")]


@app.command("list")
def list_held(
    source: SourceOption = "",
    rule: RuleOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Also what was replayed or dismissed.")] = False,
) -> None:
    """What is held back: lines, rows and objects, with the rule and the place, never a value."""
    if source:
        load_source(source)
    from tasks.ingest.held_rows import index

    found = index().found(source, rule=rule, states=("open", "replayed", "dismissed") if everything else ("open",))
    if not found:
        console.print("Nothing is held back.")
        return
    console.print(_table(found))
    console.print(f"{sum(one.count for one in found):,} in {len(found)} places; `quarantine replay` sends them again.")


@app.command()
def replay(source: SourceOption, rule: RuleOption = "") -> None:
    """Send what is held back of a source through again, and say what came in and what is still out."""
    load_source(source)
    from deployments.cli import enter_stack

    enter_stack()
    from flows.replay_quarantine import replay_quarantine

    with foreground():
        done = replay_quarantine(source=source, rule=rule)
    console.print(f"{done.before:,} were out, {done.back:,} are in now, {done.out:,} still out")
    if done.still:
        console.print(_table(done.still))
    if done.back:
        console.print("Marts take them in with the next build.")


@app.command()
def dismiss(
    source: SourceOption,
    rule: Annotated[str, typer.Option("--rule", help="The rule that was broken, as `quarantine list` shows it.")],
    reason: Annotated[str, typer.Option("--reason", "-r", help="What was decided, and by whom.")],
    *,
    stream: Annotated[str, typer.Option(help="Only of this stream.")] = "",
    place: Annotated[str, typer.Option("--object", help="Only of this landing object.")] = "",
) -> None:
    """Give up what is held back; a dismissed object is left out when its sync is sealed."""
    load_source(source)
    from tasks.ingest.quarantine import dismiss as give_up

    count = give_up(source, rule, reason, stream=stream, place=place)
    console.print(f"{count:,} dismissed")


def _table(entries: Sequence[Held]) -> Table:
    table = Table()
    for heading in ("stream", "rule", "where", "sync", "how many", "first seen (UTC)", "state", "object"):
        table.add_column(heading, justify="right" if heading == "how many" else "left", overflow="fold")
    for one in entries:
        shown = ", ".join(map(str, one.lines[:5])) + (" ..." if len(one.lines) > 5 else "")
        place = " ".join(part for part in (one.place, f"line {shown}" if shown else "") if part)
        seen = f"{one.first_seen:%Y-%m-%d %H:%M}" if one.first_seen else ""
        state = f"{one.state}: {one.reason}" if one.reason else one.state
        name = one.object.rpartition("/")[2]
        table.add_row(
            f"{one.source}.{one.stream}", one.rule, place, str(one.sync_id), f"{one.count:,}", seen, state, name
        )
    return table
