"""The table of settings, from their definitions."""

from __future__ import annotations

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tasks.settings import Settings

_HEAD = """# Settings

Written by `plumbline render` from `tasks/settings.py`. A value comes from the environment, else from a file of that
name in `PLUMBLINE_SECRETS_DIR`, else from the running local stack (`<PLUMBLINE_HOME>/stack.json`), else from its
default.

`PLUMBLINE_HOME` is the folder of all local state (default `.plumbline`). `PLUMBLINE_SECRETS_DIR` is a folder with one
file for each secret, as Kubernetes and ECS mount them; the next flow run uses a file that has changed.
"""


def settings_page() -> str:
    """One section for each outside system, one row for each setting."""
    sections = []
    for group in Settings.model_fields.values():
        kind = group.annotation
        assert kind is not None
        prefix = str(kind.model_config["env_prefix"])
        told = str(kind.__doc__).strip().splitlines()[0]
        rows = [_row(prefix, name, field) for name, field in kind.model_fields.items()]
        table = "\n".join(["| setting | default | meaning |", "| --- | --- | --- |", *rows])
        sections.append(f"\n## {told}\n\n{table}\n")
    return _HEAD + "".join(sections)


def _row(prefix: str, name: str, field: FieldInfo) -> str:
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    shown = f"`{default}`" if default != "" else ""
    return f"| `{prefix}{name.upper()}` | {shown} | {field.description} |"
