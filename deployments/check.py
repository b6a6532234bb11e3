"""Everything that CI asks, run to the end and reported together."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from expectations.declare.rendered import CHECKOUT

BIN = Path(sys.executable).parent
SILENT = {"PYTHONUNBUFFERED": "1", "DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
ROOMS = ("flows", "tasks", "expectations", "deployments", "tests")


@dataclass(frozen=True)
class Question:
    """One thing that must be true of the project, the command that tells, and what it needs in its environment."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Whether it is, after how many seconds."""

    question: Question
    passed: bool
    seconds: float


def questions(scratch: Path) -> tuple[Question, ...]:
    """In the order of their cost; dbt writes into the scratch folder."""
    compiled = scratch / "embedded" / "compiled" / "plumbline"
    empty = {"PLUMBLINE_WAREHOUSE_FILE": str(scratch / "warehouse.duckdb")}
    return (
        Question("format", (str(BIN / "ruff"), "format", "--check", *ROOMS)),
        Question("lint", (str(BIN / "ruff"), "check", *ROOMS)),
        Question("rendered files", (str(BIN / "plumbline"), "render", "--check")),
        Question("types", (str(BIN / "mypy"),)),
        Question("models, DuckDB", _dbt("compile", "embedded", scratch), empty),
        Question("models, Snowflake", _dbt("parse", "snowflake", scratch)),
        Question("SQL lint", _sqlfluff(compiled)),
        # On two cores: one worker tells the demo and often waits for its servers, one runs the faults, one all others.
        Question("tests", (sys.executable, "-m", "pytest", "-n3", "--dist=loadfile", "--no-loadscope-reorder")),
    )


def _dbt(verb: str, target: str, scratch: Path) -> tuple[str, ...]:
    words = ("--quiet", verb, "--project-dir", "dbt", "--profiles-dir", "dbt", "--target", target)
    return (sys.executable, "-m", "dbt.cli.main", *words, "--target-path", str(scratch / target))


def _sqlfluff(compiled: Path) -> tuple[str, ...]:
    # Staging and measurements are written by `plumbline render`; its golden files look after them.
    rooms = ("models/marts", "models/intermediate", "models/restricted", "tests")
    written_by_hand = tuple(compiled / room for room in rooms)
    settings = ("--config", str(CHECKOUT / ".sqlfluff"), "--processes", "2", "--disable-progress-bar")
    return (str(BIN / "sqlfluff"), "lint", *settings, *(str(path) for path in written_by_hand))


def run_all(console: Console) -> int:
    """Ask every question, also after a failure; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="plumbline-check-") as scratch:
        answers = [_ask(console, question) for question in questions(Path(scratch))]
    console.print("\nChecks", style="bold")
    for answer in answers:
        mark = "[green]passed[/green]" if answer.passed else "[red]failed[/red]"
        console.print(f"  {answer.question.name:<18} {mark}  {answer.seconds:.0f} s")
    return 0 if all(answer.passed for answer in answers) else 1


def _ask(console: Console, question: Question) -> Answer:
    console.print(f"\n{question.name}", style="bold")
    began = time.monotonic()
    environment = os.environ | SILENT | dict(question.environment)
    done = subprocess.run(question.command, check=False, cwd=CHECKOUT, env=environment)
    return Answer(question, done.returncode == 0, time.monotonic() - began)
