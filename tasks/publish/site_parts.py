"""The still parts of the site: its assets, the runbooks as pages, and the addresses that people ask for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from expectations.declare.rendered import CHECKOUT
from tasks.settings import settings

_PAGES = Path(__file__).parent / "pages"
ASSETS = (_PAGES / "plumbline.css", _PAGES / "plumbline.svg", _PAGES / "filter.js")
RUNBOOKS = CHECKOUT / "deployments" / "runbooks"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Place:
    """One place to look, for the site index."""

    name: str
    address: str
    what: str


def places() -> list[Place]:
    """Where to look; only what is configured."""
    prefect = os.environ.get("PREFECT_API_URL", "").removesuffix("/").removesuffix("/api")
    slack = settings().slack.url
    local_slack = slack.removesuffix("/").removesuffix("/api") + "/" if urlsplit(slack).hostname in _LOOPBACK else ""
    found = [
        Place("Figures", "figures.html", "the published numbers by day and channel, and what each means"),
        *_made_of(),
        Place("Data Docs", "data-docs/index.html", "what the checks said, window by window"),
        Place("Runbooks", "runbooks/index.html", "what each alert means and how to repair it"),
        Place("Prefect", prefect, "the runs, their steps, and buttons to start one"),
        Place("Slack channel", local_slack, "the incidents as the team sees them"),
    ]
    return [place for place in found if place.address]


def _made_of() -> list[Place]:
    """The pages that come with the first build."""
    if not (settings().home / "site" / "models" / "index.html").exists():
        return []
    return [
        Place("Metrics", "metrics.html", "every number: definition, formula, basis, grain, owner and tests"),
        Place("Tables", "models/index.html", "every table: columns, what it is made of, what tests it"),
    ]


def warehouse_words() -> str:
    """How the queries of a runbook are run on this warehouse."""
    if settings().core.profile == "snowflake":
        return f"in a worksheet of Snowflake, database {settings().snowflake.database}"
    opened = f"duckdb.connect('{settings().warehouse_file.absolute()}', read_only=True).sql(query).show()"
    return f"in .venv/bin/python: import duckdb; {opened} (plumbline status names a run that writes; wait for it)"


@lru_cache(maxsize=1)
def runbook_pages() -> tuple[tuple[str, str, str], ...]:
    """Name, title and HTML of every runbook; raw HTML in them is shown as text."""
    from markdown_it import MarkdownIt

    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    texts = {path.stem: path.read_text() for path in sorted(RUNBOOKS.glob("*.md"))}
    return tuple((name, _title(text), markdown.render(text)) for name, text in texts.items())


def _title(text: str) -> str:
    return text.splitlines()[0].lstrip("# ").strip()


def write_if_new(path: Path, text: str) -> None:
    """Write a file, whole or not at all; one that says the same is only touched."""
    if path.exists() and path.read_text() == text:
        path.touch()  # newer than what it was made from
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text)
    os.replace(draft, path)
