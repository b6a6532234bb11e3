"""Where a setting comes from: the environment, else a mounted secret, else the stack's own file, else its default.

A mounted secret is a file of the setting's name in `PLUMBLINE_SECRETS_DIR`. A flow run is a new process, so the next
run uses what has changed in any of these; one that is under way keeps what it began with.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from expectations.declare.errors import Misconfigured

STACK_VERSION = 1  # of <home>/stack.json


def home() -> Path:
    """The folder of all local state (`PLUMBLINE_HOME`, default `.plumbline` in the working directory)."""
    return Path(os.environ.get("PLUMBLINE_HOME", ".plumbline")).absolute()


def secrets_dir() -> Path | None:
    """The folder with one file for each secret; `Misconfigured` where it was promised and is not there."""
    given = os.environ.get("PLUMBLINE_SECRETS_DIR")
    if given and not Path(given).is_dir():
        raise Misconfigured(
            "the folder of the secrets is not there", where=given, do="Mount it, or unset PLUMBLINE_SECRETS_DIR"
        )
    return Path(given) if given else None


class StackFileSource(PydanticBaseSettingsSource):
    """Values that the running local stack wrote about itself."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        path = home() / "stack.json"
        try:
            found = json.loads(path.read_text()) if path.exists() else {"settings": {}}
            self.values: dict[str, str] = found["settings"]
            refuse_newer_stack(found, path)
        except (json.JSONDecodeError, KeyError, TypeError):
            raise Misconfigured(
                "the stack's own file cannot be read", where=str(path), do="Put a copy back, or start with a new home"
            ) from None

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        prefix = str(self.config.get("env_prefix", ""))
        return self.values.get(f"{prefix}{field_name}".upper()), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def refuse_newer_stack(found: Mapping[str, Any], path: Path) -> None:
    """A home that a newer version has written is left alone; one without a version is the first."""
    if int(found.get("version", 1)) > STACK_VERSION:
        raise Misconfigured(
            f"the home is of a newer version (its state is {found['version']}, this one knows {STACK_VERSION})",
            where=str(path),
            do="Install the newer version, or set PLUMBLINE_HOME to another folder; nothing was changed",
        )
