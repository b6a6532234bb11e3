"""`plumbline`: the table of contents of the product.

Every command refuses bad input before it opens anything, and prints the four errors of the product without
a traceback. Slow libraries are imported by the command that needs them.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated

import typer
from rich.console import Console

from deployments.commands import (
    backfill,
    connections,
    docs,
    figures,
    incidents,
    invoices,
    operate,
    period,
    quarantine,
    rates,
    try_out,
    watch,
)
from deployments.commands.bench import app as bench
from deployments.terminal import QUIET, console, foreground, say
from expectations.declare.errors import Misconfigured, PlumblineError, Unavailable
from expectations.declare.source import load as load_source
from expectations.judge.verdict import Verdict
from tasks.build.marts import known_marts
from tasks.window import Window

app = typer.Typer(
    name="plumbline",
    help="Marketing numbers that finance can sign.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(bench, name="bench", help="Measure: every benchmark prints ratios of one run.")
app.add_typer(backfill.again)
app.add_typer(backfill.app, name="backfill", help="Do days again: plan, run, look, promote.")
app.add_typer(operate.app)
app.add_typer(period.app, name="period", help="Months of the books: check, close, reopen, export.")
app.add_typer(figures.app)
app.add_typer(docs.app)
app.add_typer(connections.app, name="connections", help="The connections of Airbyte, as the declarations want them.")
app.add_typer(incidents.app, name="incidents", help="What is wrong, since when and whose it is; acknowledge, snooze.")
app.add_typer(invoices.app, name="invoices", help="What ad platforms invoiced: give a file, see what is known.")
app.add_typer(quarantine.app, name="quarantine", help="What is held back, and its way back.")
app.add_typer(rates.app, name="rates", help="Exchange rates that finance books with: give a file, see what was given.")
app.add_typer(try_out.app, name="try")
app.add_typer(watch.app)
INTERRUPTED = 130  # what a shell calls the end by Ctrl-C

SourceOption = Annotated[str, typer.Option("--source", "-s", help="A source, by the name of its declaration.")]
WindowOption = Annotated[str, typer.Option("--window", "-w", help="One day (2026-11-17) or first..last day.")]


@app.command()
def demo() -> None:
    """Start the local stack, run BrightCart's story, and say where to look."""
    from deployments.demo import tell

    tell(console)


@app.command()
def up() -> None:
    """Start the local stack (what runs already is kept) and deploy the flows to it."""
    from deployments.local import stack
    from deployments.prefect_set_up import deploy

    stack.up(console.print)
    enter_stack()
    deploy(console.print)
    console.print("The local stack is up. `plumbline status` shows its parts, `plumbline down` ends it.")


@app.command()
def down() -> None:
    """End exactly the processes that `up` started; all data stay in PLUMBLINE_HOME."""
    from deployments.local import stack

    stack.down(console.print)
    console.print("The local stack is down.")


@app.command()
def status() -> None:
    """One screen: what runs, what is late or held, who writes, and the next deadline."""
    from deployments.status import show

    show(console)


@app.command()
def check() -> None:
    """Everything CI asks: format, lint, types, rendered files, SQL, models for both engines, tests."""
    from deployments.check import run_all

    raise typer.Exit(run_all(console))


@app.command()
def render(
    stale_only: Annotated[bool, typer.Option("--check", help="Write nothing; fail where a file is stale.")] = False,
) -> None:
    """Write what dbt and Prefect must read statically, from the source declarations."""
    from deployments.render import render as write

    changed = write(check=stale_only)
    for path in changed:
        console.print(f"{'stale' if stale_only else 'written'}: {path}")
    if stale_only and changed:
        raise typer.Exit(1)
    console.print("Everything rendered is up to date." if not changed else f"{len(changed)} files")


@app.command()
def refresh(
    source: SourceOption,
    window: WindowOption,
    again: Annotated[bool, typer.Option("--again", help="Ask the source anew, although a job succeeded.")] = False,
) -> None:
    """Extract, seal, load, measure and judge one source for one window."""
    load_source(source)
    span = Window.parse(window)
    enter_stack()
    from flows.refresh_source import refresh_source

    with foreground():
        verdicts = refresh_source(source=source, window=span, again=again)
    _say_verdicts(source, span, verdicts)
    _say_what_waits()


@app.command()
def build(
    window: WindowOption,
    select: Annotated[
        list[str] | None, typer.Option("--select", help="Only this mart and what it needs; publishes nothing.")
    ] = None,
) -> None:
    """Rebuild the marts and publish a provisional release where the checks allow."""
    span, marts = Window.parse(window), known_marts(select or ())
    enter_stack()
    from flows.build_marts import build_marts, build_some

    with foreground():
        if marts:
            _say_verdicts(" ".join(marts), span, build_some(marts, span))
            console.print(f"Not published: a release holds all marts. Next: plumbline build --window {window}")
        else:
            _say_release(build_marts(window=span))
    _say_what_waits()


@app.command()
def close(day: Annotated[str, typer.Argument(help="The day to close, for instance 2026-11-17.")]) -> None:
    """Close a day: publish its final release, or hold it and say why."""
    closed = _one_day(day)
    enter_stack()
    from flows.close_day import close_day

    with foreground():
        _say_release(close_day(day=closed))
    _say_what_waits()


def enter_stack() -> None:
    """Give this process the addresses of the running stack, before Prefect is imported."""
    from deployments.local import processes, stack

    found = stack.environment()
    url = found.get("PREFECT_API_URL")
    if url and not processes.answers(f"{url}/health"):
        raise Unavailable("the Prefect server does not answer", where=url, do="Start the local stack: plumbline up")
    os.environ.update(found | QUIET)


def _one_day(text: str) -> date:
    days = Window.parse(text).days()
    if len(days) > 1:
        raise Misconfigured(f"{text} is not one day", do=f"Close the days one by one, the first is {days[0]}")
    return days[0]


def _say_verdicts(what: str, window: Window, verdicts: Sequence[Verdict]) -> None:
    for verdict in (v for v in verdicts if v.alarming):
        say(f"{verdict.state}: {verdict.sentence}")
    counts = ", ".join(f"{n} {state}" for state, n in Counter(v.state for v in verdicts).most_common())
    console.print(f"{what} {window.label}: {counts}")


def _say_what_waits() -> None:
    from tasks import doors

    waiting = doors.ops_store().pending_messages()
    if waiting:
        reason = next((m.last_error for m in waiting if m.last_error), "PLUMBLINE_SLACK_TOKEN is empty.")
        text = f"{len(waiting)} message{'s wait' if len(waiting) > 1 else ' waits'} for Slack: {reason}"
        console.print(text, style="yellow", markup=False, soft_wrap=True)


def _say_release(release: object) -> None:
    from tasks.publish.publish import Release

    assert isinstance(release, Release)
    for line in release.said:
        say(line)


def main() -> None:
    """The console script."""
    status = 0
    try:
        app(standalone_mode=True)
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else int(left.code is not None)
        if status == INTERRUPTED:
            Console(stderr=True).print("Stopped. The same command continues where it was.", style="yellow")
    except PlumblineError as error:
        # Said where errors belong, so that a pipe of the output does not swallow it.
        said = Console(stderr=True, highlight=False)
        said.print(f"{type(error).__name__}: {error}", style="red", markup=False, soft_wrap=True)
        status = 2
    finally:
        if sys.exc_info()[0] is not None:  # a bug keeps its traceback
            sys.excepthook(*sys.exc_info())
            status = 1
        _leave(status)


def _leave(status: int) -> None:
    # dbt keeps connections in module globals, over which DuckDB's binding writes a page of leak reports at a
    # regular exit; so the exit functions (Prefect sends its last logs there) are run, and then it ends.
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
