"""`plumbline figures`: what a report says now, what it said at a moment, and which sync made the difference."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from deployments.terminal import console, say
from expectations.declare.errors import Misconfigured

if TYPE_CHECKING:
    from tasks.periods.as_of import Answer, Brought, Figure, Question

app = typer.Typer()
_SHOWN = 60  # lines of a table on a screen; the file has all

FromOption = Annotated[str, typer.Option("--from", help="First day, e.g. 2026-11-01.")]
ToOption = Annotated[str, typer.Option("--to", help="Last day, included.")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="The moment (UTC), e.g. 2026-11-08T06:00. Empty: now.")]
MetricOption = Annotated[str, typer.Option("--metric", "-m", help="One or more, with commas between them.")]
ByOption = Annotated[
    str, typer.Option("--by", help="day, month, source, account, currency (then nothing is converted).")
]
CsvOption = Annotated[Path | None, typer.Option("--csv", help="Write it to this file, changes to FILE-changes.csv.")]


@app.command()
def figures(
    first: FromOption,
    last: ToOption,
    *,
    as_of: AsOfOption = "",
    metric: MetricOption = "spend,net_sales",
    by: ByOption = "day,source",
    file: CsvOption = None,
) -> None:
    """Spend, orders and revenue as they were known at a moment, and what each sync changed since. Only reads."""
    from tasks.periods.as_of import answer, question

    asked = question((first, last), as_of=as_of, metrics=metric, by=by)
    found = answer(asked)
    say(_heading(found, asked))
    if found.caution:
        say(found.caution)
    if not found.figures:
        say(f"No figures from {first} to {last}.")
    else:
        _print(_heads(asked), [_line(figure, asked) for figure in found.figures], file, "figures")
    if asked.as_of and found.figures:
        _say_changes(found, asked, file)
    if found.unpriced:
        say(f"Not in the sums, because no rate is known: {', '.join(found.unpriced[:5])}")


@app.command()
def differences(
    day: Annotated[str, typer.Option("--day", help="The day of the spend, e.g. 2026-11-18.")],
    as_of: Annotated[
        str, typer.Option("--as-of", help="Compare the spend at this moment (UTC) with now, e.g. 2026-11-19T06:00.")
    ] = "",
) -> None:
    """Why the totals of a day differ: a sentence for each account. Only reads.

    From what readers see to what each source says now, in named amounts; with --as-of, from a moment to now.
    """
    from expectations.declare.source import load_all
    from tasks.judge.reconciled import reconciled
    from tasks.periods.as_of import question
    from tasks.periods.differences import CURRENCIES, HISTORY, sentences
    from tasks.publish.origins import caution
    from tasks.publish.publish import release_notes
    from tasks.window import Window

    asked = question((day, day), as_of=as_of, metrics="spend", by="day")
    titles = {name: source.title for name, source in load_all().items()}
    if held := caution(release_notes(), [HISTORY, CURRENCIES]):
        say(held)
    if asked.as_of:
        told, nothing = sentences(asked.first, asked.as_of, titles), f"says anything else of {day} now than at {as_of}"
    else:
        told, nothing = reconciled(Window.of_day(asked.first), titles), f"of {day} is measured"
    for line in told or [f"No account {nothing}."]:
        say(line)


def _heading(found: Answer, asked: Question) -> str:
    money = f"amounts in {found.currency}" if found.currency else "amounts in the currency of each account"
    moment = f"As of {asked.as_of:%Y-%m-%d %H:%M} UTC, beside now" if asked.as_of else "As known now"
    return f"{moment}; {money}; release {found.release}, data as of {found.data_as_of or 'unknown'}."


def _say_changes(found: Answer, asked: Question, file: Path | None) -> None:
    if not found.brought:
        say("Nothing was changed since.")
        return
    say("What changed since, and the sync that brought it:")
    heads = ["known at (UTC)", "by source", "sync", *asked.by, "metric", "difference"]
    beside = file.with_name(f"{file.stem}-changes.csv") if file else None
    _print(heads, [_change(one) for one in found.brought], beside, "changes")


def _heads(asked: Question) -> list[str]:
    return [*asked.by, "metric", *(("as of", "now", "difference") if asked.as_of else ("amount",))]


def _line(figure: Figure, asked: Question) -> list[str]:
    amounts = (figure.then, figure.now, figure.difference) if asked.as_of else (figure.now,)
    return [*figure.keys, figure.metric, *(_amount(value, figure.metric) for value in amounts)]


def _change(one: Brought) -> list[str]:
    at = f"{one.known_at:%Y-%m-%d %H:%M}"
    return [at, one.source, str(one.sync_id), *one.keys, one.metric, _amount(one.amount, one.metric)]


def _amount(value: Decimal, metric: str) -> str:
    from tasks.periods.as_of import COUNTS

    return f"{value:.0f}" if metric in COUNTS else f"{value:.2f}"


def _print(heads: Sequence[str], lines: Sequence[Sequence[str]], file: Path | None, what: str) -> None:
    table = Table()
    for head in heads:
        right = head in ("as of", "now", "difference", "amount")
        table.add_column(head, justify="right" if right else "left", no_wrap=True)
    for line in lines[:_SHOWN]:
        table.add_row(*line)
    console.print(table)
    if len(lines) > _SHOWN:
        say(f"{len(lines) - _SHOWN} more {what}; write all of them with --csv FILE.")
    if file:
        _write(file, heads, lines)
        say(f"{len(lines)} {what} written to {file}")


def _write(file: Path, heads: Sequence[str], lines: Iterable[Sequence[str]]) -> None:
    try:
        with file.open("w", newline="") as opened:
            csv.writer(opened).writerows([heads, *lines])
    except OSError as error:
        raise Misconfigured(
            f"the file cannot be written ({type(error).__name__})",
            where=str(file),
            do="Name a file in a folder of yours",
        ) from None
