"""`stack.json`: what a stack wrote about itself; addresses, pids with start times, and its generated secrets."""

from __future__ import annotations

import json
import os
import secrets
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from deployments.local.processes import Running
from expectations.declare.errors import Misconfigured
from tasks.setting_sources import STACK_VERSION, refuse_newer_stack

SECRETS: dict[str, Callable[[], str]] = {
    "PLUMBLINE_S3_ACCESS_KEY_ID": lambda: f"PL{secrets.token_hex(9).upper()}",
    "PLUMBLINE_S3_SECRET_ACCESS_KEY": lambda: secrets.token_hex(20),
    "PLUMBLINE_AIRBYTE_CLIENT_ID": lambda: str(uuid.uuid4()),
    "PLUMBLINE_AIRBYTE_CLIENT_SECRET": lambda: secrets.token_hex(24),
    "PLUMBLINE_SLACK_TOKEN": lambda: f"xoxb-local-{secrets.token_hex(16)}",
    "PLUMBLINE_TOKEN_KEY": lambda: secrets.token_hex(32),
}


@dataclass(frozen=True)
class StackFile:
    """The content of `stack.json`; `settings` are what `tasks.settings` reads after the environment."""

    parts: dict[str, Running] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict, repr=False)
    prefect_api_url: str = ""
    version: int = STACK_VERSION

    def with_secrets(self) -> dict[str, str]:
        """The settings, with a new secret for each one that is missing; an old one is never replaced."""
        return {**{name: new() for name, new in SECRETS.items() if name not in self.settings}, **self.settings}


def read(home: Path) -> StackFile:
    """What was written last; empty if nothing was."""
    path = home / "stack.json"
    if not path.exists():
        return StackFile()
    try:
        found = json.loads(path.read_text())
        refuse_newer_stack(found, path)
        parts = {name: Running(**part) for name, part in found["parts"].items()}
        return StackFile(parts, dict(found["settings"]), found["prefect_api_url"])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise Misconfigured(
            "the stack's own file cannot be read", where=str(path), do="Put a copy back, or start with a new home."
        ) from error


def write(home: Path, content: StackFile) -> None:
    """Replace the file at once; only its owner may read it."""
    home.mkdir(parents=True, exist_ok=True)
    new = home / "stack.json.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(asdict(content), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    new.replace(home / "stack.json")
