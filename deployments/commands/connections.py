"""The connections of Airbyte as the declarations want them: `plumbline connections plan`, then `apply`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from deployments.terminal import say
from expectations.declare.source import load_all

if TYPE_CHECKING:
    from tasks.ingest.connections import Plan

app = typer.Typer(no_args_is_help=True)


@app.command()
def plan() -> None:
    """Show what would be created and changed in Airbyte, field by field. Changes nothing."""
    from tasks.ingest.connections import plan as planned

    found = planned(load_all())
    _show(found)
    if found.steps:
        say(f"{len(found.steps)} changes; `plumbline connections apply` makes them.")
    _end(found)


@app.command()
def apply() -> None:
    """Show the plan, then make its changes. A second apply has nothing to do."""
    from tasks.ingest.connections import apply as make
    from tasks.ingest.connections import plan as planned

    found = planned(load_all())
    _show(found)
    make(found)
    if found.steps:
        say(f"{len(found.steps)} changes made.")
    _end(found)


def _show(found: Plan) -> None:
    for step in found.steps:
        say(f"{'change' if step.id else 'create'} {step.kind} {step.name}")
        for one in step.differences:
            say(f"    {one.name}: {f'{one.now} -> ' if step.id else ''}{one.then}")
    for words in found.missing:
        say(f"missing: {words}")


def _end(found: Plan) -> None:
    if found.missing:
        raise typer.Exit(1)
    if not found.steps:
        say("Airbyte is as declared: nothing to do.")
