"""Commands for three in the morning: hold, release, pause, try again. They need no server, only the ops store."""

from __future__ import annotations

import getpass
from datetime import date
from typing import Annotated

import typer

from deployments.terminal import console, foreground, say
from expectations.declare.errors import Misconfigured
from expectations.declare.source import load as load_source
from expectations.declare.source import names
from expectations.judge.verdict import CHECKS
from tasks.build.marts import known_marts
from tasks.window import Window

app = typer.Typer()

ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why. It is shown to readers, with your name.")]
ByOption = Annotated[str, typer.Option("--by", help="Who decides this.", default_factory=getpass.getuser)]
SourceOption = Annotated[str, typer.Option("--source", "-s", help="A source, by the name of its declaration.")]
WindowOption = Annotated[str, typer.Option("--window", "-w", help="One day (2026-11-17) or first..last day.")]
CheckOption = Annotated[str, typer.Option("--check", "-c", help="Findings of this check, e.g. reconciliation.")]
ScopeOption = Annotated[str, typer.Option("--scope", help="The one finding with this scope.")]
MartOption = Annotated[str, typer.Option("--mart", help="Every finding that holds this mart.")]
AboutOption = Annotated[str, typer.Option("--only", help="A source or a mart: what is made of it, and nothing else.")]


@app.command()
def hold(reason: ReasonOption, by: ByOption, window: WindowOption = "", only: AboutOption = "") -> None:
    """Let readers keep the last good release, or with --only some marts of it, until `plumbline release`."""
    span = Window.parse(window) if window else None
    from tasks.operate.hold import hold_releases
    from tasks.publish.document import refresh_index
    from tasks.publish.gate import hold_words

    for standing in hold_releases.fn(span, reason=reason, by=by, about=only):
        say(hold_words(standing))
    refresh_index()
    again = f" --window {window}" if window else ""
    again += f" {about_option(only)}" if only else ""
    what = f"What is made of {only} stays as it is" if only else "Nothing is published"
    say(f"{what} until you type: plumbline release{again} --reason '...'")


@app.command()
def release(
    reason: ReasonOption,
    by: ByOption,
    *,
    window: WindowOption = "",
    check: CheckOption = "",
    source: SourceOption = "",
    scope: ScopeOption = "",
    mart: MartOption = "",
) -> None:
    """End holds; with --window, --check, --source or --mart, let findings pass that hold. Release and site name you."""
    if source:
        load_source_or_marts(source)
    if check and check not in CHECKS:
        raise Misconfigured(f"{check!r} is not a check", do=f"Write one of: {', '.join(CHECKS)}")
    span = Window.parse(window) if window else None
    if mart:
        known_marts([mart])
    from tasks.operate.hold import Choice, let_pass
    from tasks.publish.document import refresh_index

    passed = let_pass.fn(Choice(span, check, source, scope, mart), reason=reason, by=by)
    refresh_index()
    for sentence in passed.lifted:
        say(f"no longer: {sentence}")
    for sentence in passed.overridden:
        say(f"let pass, in your name: {sentence}")
    say(f"Nothing is published yet. Type: {_publish(passed.window)}")


@app.command()
def pause(
    source: SourceOption,
    until: Annotated[str, typer.Option("--until", help="The pause ends by itself at 00:00 UTC of this day.")],
    reason: ReasonOption,
    by: ByOption,
) -> None:
    """Skip one source's scheduled refreshes until a day; closes do not wait for it and mark it as stale."""
    load_source(source)
    from tasks.operate.pause import in_words, pause_source

    say(f"{source} is {in_words(pause_source.fn(source, _day(until), reason=reason, by=by))}.")
    say(f"To end it before: plumbline unpause --source {source}")


@app.command()
def unpause(source: SourceOption) -> None:
    """End the pause of a source before its day."""
    load_source(source)
    from tasks.operate.pause import unpause_source

    ended = unpause_source.fn(source)
    say(f"{source} is {'no longer paused' if ended else 'not paused: nothing changed'}.")
    if ended:
        say(f"Its next scheduled refresh runs. To have it now: plumbline refresh --source {source} --window DAY")


@app.command()
def retry(
    source: SourceOption = "",
    window: WindowOption = "",
    show: Annotated[bool, typer.Option("--show", help="Only say what would be run.")] = False,
) -> None:
    """Run again what failed last and was not done since: refreshes, then builds, then closes."""
    if source:
        load_source(source)
    span = Window.parse(window) if window else None
    from tasks.operate.again import failed_last

    failed = failed_last(source, span)
    for one in failed:
        say(f"- {one.words}")
    if not failed:
        say("Nothing failed in the last seven days that was not done since. `plumbline status` says what is open.")
    if not failed or show:
        return
    from deployments.cli import enter_stack

    enter_stack()
    from flows.retry import retry as run_again

    with foreground():
        for done in run_again(source=source, window=span):
            say(f"done: {done}")


@app.command()
def rebuild(
    replace: Annotated[
        bool, typer.Option("--replace", help="Also where the warehouse is whole or damaged; its file is kept.")
    ] = False,
) -> None:
    """The warehouse is lost: make it anew from the lake, equal to what was there. Killed, it continues."""
    from deployments.cli import enter_stack

    enter_stack()
    from flows.rebuild import rebuild as make_anew

    with foreground():
        done = make_anew(replace=replace)
    say(f"The warehouse is whole: {done.rows} rows of {done.objects} lake objects, {done.loaded} loaded now.")
    say(f"Readers kept their release. To publish from the new warehouse: {_last_published()}")


@app.command()
def prune(
    remove: Annotated[bool, typer.Option("--remove", help="Remove it. Otherwise it is only shown.")] = False,
) -> None:
    """What is older than its retention and needed by nobody: shown, and removed with --remove."""
    from deployments.cli import enter_stack
    from deployments.commands.prune_table import table

    enter_stack()
    from tasks.operate.prune import prunable
    from tasks.operate.prune import remove as remove_found

    found = prunable.fn()
    console.print(table(found))
    for note in (kind.note for kind in found if kind.note):
        say(note)
    if remove:
        say(f"Removed: {remove_found.fn(found)} things.")
    elif any(kind.leftovers for kind in found):
        say("Nothing was removed. To remove all of it: plumbline prune --remove")


def load_source_or_marts(source: str) -> None:
    """Refuse what is neither a source nor `marts`, under which builds and data tests are judged."""
    if source != "marts":
        load_source(source)


def about_option(about: str) -> str:
    """How `plumbline release` names what a hold is about."""
    return f"--source {about}" if about in names() else f"--mart {about}"


def _publish(window: Window | None) -> str:
    days = window.days() if window else []
    return f"plumbline close {days[-1]}" if days else "plumbline build --window DAY"


def _last_published() -> str:
    from tasks import doors

    published = [row for row in doors.ops_store().releases() if not row.held]
    return _publish(published[-1].window if published and published[-1].state == "final" else None)


def _day(text: str) -> date:
    days = Window.parse(text).days()
    if len(days) > 1:
        raise Misconfigured(f"{text} is not one day", do="Write the day on which the pause ends, e.g. 2026-11-25")
    return days[0]
