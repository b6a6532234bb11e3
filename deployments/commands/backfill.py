"""`plumbline replay` and `plumbline backfill`: days done again, with a look at the difference before it counts."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.table import Table

from deployments.terminal import console, foreground, say
from expectations.declare.source import load as load_source
from expectations.declare.source import names
from tasks.window import Window

if TYPE_CHECKING:
    from tasks.backfill.chunks import Difference

app = typer.Typer(no_args_is_help=True)
again = typer.Typer()

WindowOption = Annotated[str, typer.Option("--window", "-w", help="One day (2026-11-17) or first..last day.")]
SourcesOption = Annotated[list[str] | None, typer.Option("--source", "-s", help="A source; repeat it. Default: all.")]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why. It stands in the record and in release.json.")]
ByOption = Annotated[str, typer.Option("--by", help="Who wants this.", default_factory=getpass.getuser)]
PlanArgument = Annotated[str, typer.Argument(help="The id of a plan, as `plumbline backfill list` shows it.")]
NoteOption = Annotated[str, typer.Option("--note", help="What a reader of the record should know.")]
_SHOWN = 40


@again.command()
def replay(window: WindowOption, reason: ReasonOption, by: ByOption, source: SourcesOption = None) -> None:
    """Do days again from the lake, without asking a source: type, build, test and publish them anew."""
    span, chosen = Window.parse(window), _sources(source)
    _enter()
    from flows.replay import replay as flow

    with foreground():
        release = flow(window=span, reason=reason, by=by, sources=chosen)
    say(f"replayed {span.label}")
    for line in release.said:
        say(line)


@app.command()
def plan(
    window: WindowOption,
    reason: ReasonOption,
    *,
    by: ByOption,
    source: SourcesOption = None,
    mode: Annotated[str, typer.Option(help="replay: from the lake; extract: ask the sources again.")] = "replay",
    chunk_days: Annotated[int, typer.Option(help="Days of one chunk; 0: as the settings say.")] = 0,
    to_restatements: Annotated[bool, typer.Option(help="For closed months: note differences, change none.")] = False,
) -> None:  # fmt: skip
    """Say what doing days again would move, take and cost; refuse in words what must not be done."""
    from tasks.adapters.ops_store import now
    from tasks.backfill.plan import Wish
    from tasks.backfill.plan import plan as make
    from tasks.backfill.promote import expire_old
    from tasks.backfill.tell import planned_lines

    wish = Wish(
        _sources(source), Window.parse(window), _mode(mode), reason, by, chunk_days, to_restatements, now().isoformat()
    )
    _enter()
    expire_old()
    planned = make.fn(wish)
    for line in planned_lines(planned):
        say(line)
    say(f"Next: plumbline backfill run {planned.plan.id}")


@app.command()
def run(plan_id: PlanArgument) -> None:
    """Carry a plan out on a staged copy, chunk by chunk; after a kill it goes on where it was."""
    _enter()
    from flows.backfill import run_backfill

    with foreground():
        found = run_backfill(plan_id=plan_id)
    _show(found, everything=False)
    say(f"Next: plumbline backfill promote {plan_id}, or abandon {plan_id}")


@app.command()
def diff(plan_id: PlanArgument) -> None:
    """Show every figure that a plan would change: mart, metric, channel and day. The file has the same."""
    from tasks import doors
    from tasks.adapters.ops_plans import OpsPlans
    from tasks.backfill.chunks import Difference
    from tasks.backfill.plan import the_plan

    made = the_plan(plan_id, states=("staged", "promoted", "restated"))
    _show(Difference(made, tuple(OpsPlans(doors.ops_store()).changes(plan_id))), everything=True)


@app.command()
def promote(plan_id: PlanArgument, by: ByOption, note: NoteOption = "") -> None:
    """Make the approved figures count and publish them; refused where the days have moved since."""
    _enter()
    from flows.backfill import promote_backfill

    with foreground():
        done = promote_backfill(plan_id=plan_id, by=by, note=note)
    say(f"{done.plan.state} {plan_id}: {done.changes} figures")


@app.command()
def abandon(plan_id: PlanArgument, by: ByOption, note: NoteOption = "") -> None:
    """Drop the staged copy of a plan; nothing live changes."""
    from tasks.backfill.promote import abandon as drop

    say(f"{drop.fn(plan_id, by=by, note=note).plan.state} {plan_id}")


@app.command(name="list")
def show_all() -> None:
    """Every plan with its state, then the dated record of what was promoted."""
    from tasks import doors
    from tasks.adapters.ops_plans import OpsPlans
    from tasks.backfill.promote import expire_old

    expire_old()
    plans = OpsPlans(doors.ops_store())
    made = _table("Plans", ("plan", "state", "days", "sources", "chunks", "by", "reason", "note"))
    for p in plans.all():
        chunks = plans.chunks(p.id)
        done = f"{sum(chunk.state == 'done' for chunk in chunks)}/{len(chunks)}"
        made.add_row(p.id, p.state, p.window.label, ", ".join(p.sources), done, p.by, p.reason, p.note)
    record = _table("Promoted", ("when (UTC)", "what", "days", "sources", "figures", "by", "reason"))
    for kept in plans.promotions():
        at, sources = f"{kept.at:%Y-%m-%d %H:%M}", ", ".join(kept.sources)
        record.add_row(at, kept.id, kept.window.label, sources, str(kept.changes), kept.by, kept.reason)
    console.print(made)
    console.print(record)


def _show(found: Difference, *, everything: bool) -> None:
    from tasks.adapters.ops_plans import plain
    from tasks.backfill.tell import outside, totals, write_csv

    if not found.changes:
        say("no figure would change")
        return
    if everything:
        table = _table("", ("mart", "metric", "channel", "day", "before", "after", "difference"))
        for c in found.changes:
            table.add_row(
                c.mart, c.metric, c.channel, c.day, plain(c.before), plain(c.after), plain(c.after - c.before)
            )
    else:
        table = _table("", ("mart", "metric", "channel", "days", "before", "after", "difference"))
        for t in totals(found.changes)[:_SHOWN]:
            change = plain(t.after - t.before)
            table.add_row(t.mart, t.metric, t.channel, str(t.days), plain(t.before), plain(t.after), change)
    console.print(table)
    if beyond := outside(found.plan, found.changes):
        say(f"{len(beyond)} days outside the window change too, the first is {beyond[0]}")
    say(f"{len(found.changes)} figures differ; all of them: {write_csv(found)}")


def _table(title: str, headings: tuple[str, ...]) -> Table:
    table = Table(title=title or None, title_justify="left")
    for heading in headings:
        right = heading in ("before", "after", "difference", "figures", "chunks")
        table.add_column(heading, justify="right" if right else "left", overflow="fold")
    return table


def _sources(chosen: list[str] | None) -> tuple[str, ...]:
    for name in chosen or ():
        load_source(name)
    return tuple(dict.fromkeys(chosen or names()))


def _mode(text: str) -> Literal["replay", "extract"]:
    from expectations.declare.errors import Misconfigured

    if text == "replay":
        return "replay"
    if text == "extract":
        return "extract"
    raise Misconfigured(f"{text!r} is no mode", do="Write replay (from the lake) or extract (ask the sources again)")


def _enter() -> None:
    from deployments.cli import enter_stack

    enter_stack()
