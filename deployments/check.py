"""Everything that CI asks, run to the end and reported together."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

CHECKOUT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
ROOMS = ("flows", "tasks", "expectations", "deployments", "tests")


@dataclass(frozen=True)
class Question:
    """One thing that must be true of the project, and the command that tells."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """Whether it is, after how many seconds."""

    question: Question
    passed: bool
    seconds: float


def questions() -> tuple[Question, ...]:
    """In the order of their cost."""
    dbt = (sys.executable, "-m", "dbt.cli.main", "--no-use-colors", "parse", "--project-dir", "dbt")
    profile = ("--profiles-dir", "dbt", "--no-partial-parse", "--target-path")
    return (
        Question("format", (str(BIN / "ruff"), "format", "--check", *ROOMS)),
        Question("lint", (str(BIN / "ruff"), "check", *ROOMS)),
        Question("rendered files", (str(BIN / "plumbline"), "render", "--check")),
        Question("SQL lint", (str(BIN / "sqlfluff"), "lint", "--processes", "2", "dbt/models", "dbt/tests")),
        Question("types", (str(BIN / "mypy"),)),
        Question("models, DuckDB", (*dbt, *profile, "target/parse-embedded", "--target", "embedded")),
        Question("models, Snowflake", (*dbt, *profile, "target/parse-snowflake", "--target", "snowflake")),
        Question("tests", (sys.executable, "-m", "pytest")),
    )


def run_all(console: Console) -> int:
    """Ask every question, also after a failure; return the exit status."""
    answers = [_ask(console, question) for question in questions()]
    console.print("\nChecks", style="bold")
    for answer in answers:
        mark = "[green]passed[/green]" if answer.passed else "[red]failed[/red]"
        console.print(f"  {answer.question.name:<18} {mark}  {answer.seconds:.0f} s")
    return 0 if all(answer.passed for answer in answers) else 1


def _ask(console: Console, question: Question) -> Answer:
    console.print(f"\n{question.name}", style="bold")
    began = time.monotonic()
    done = subprocess.run(question.command, cwd=CHECKOUT, env=os.environ | {"PYTHONUNBUFFERED": "1"})
    return Answer(question, done.returncode == 0, time.monotonic() - began)
