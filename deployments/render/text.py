"""Fills the SQL templates of the rendered models. Their marks are [[ ]] and [% %], so that dbt's own stay text."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

Files = dict[str, str]  # path below `dbt/` to text

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    variable_start_string="[[",
    variable_end_string="]]",
    block_start_string="[%",
    block_end_string="%]",
    comment_start_string="[#",
    comment_end_string="#]",
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # SQL, not HTML; every value comes from a checked declaration
)


def filled(template: str, /, **values: object) -> str:
    """The text of `templates/<template>.sql` with its values."""
    return filled_file(f"{template}.sql", **values)


def filled_file(name: str, /, **values: object) -> str:
    """The text of `templates/<name>` with its values."""
    return _TEMPLATES.get_template(name).render(**values)


def quoted(text: str) -> str:
    """A text as a YAML string in double quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
