"""The console script as a fixture: what a person types, and what they get."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deployments import cli

Typed = Callable[..., tuple[int, str, str]]


class Left(BaseException):
    """Stands for the end of the process."""


@pytest.fixture
def typed(home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    """Run the console script in this process, in a new home: exit status, output, errors."""

    def leave(status: int) -> None:
        raise Left(status)

    def run(*words: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["plumbline", *map(str, words)])
        monkeypatch.setattr(cli, "_leave", leave)
        with pytest.raises(Left) as left:
            cli.main()
        said = capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        return left.value.args[0], said.out, said.err

    return run
