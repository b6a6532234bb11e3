"""Write a page of the site from its template, whole or not at all; a page that says the same is only touched."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from expectations.judge.verdict import CHECKS
from tasks.publish.site_index import moment, source_titles, window_words
from tasks.publish.site_parts import write_if_new
from tasks.settings import settings

PAGES = Path(__file__).parent / "pages"


def write_page(path: Path, template: str, **facts: object) -> None:
    """Render a template of `pages/` to a path below `<home>/site`; every value is escaped."""
    site = settings().home / "site"
    root = "../" * (len(path.relative_to(site).parts) - 1)
    # Metrics and tables have pages from the first build on.
    names = {"titles": CHECKS, "source_titles": source_titles(), "is_built": (site / "models").is_dir()}
    write_if_new(path, _ENVIRONMENT.get_template(template).render(root=root, **names, **facts))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(PAGES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def _plain(check: str) -> str:
    """The name of a check where it may well have passed: `Spend anomaly`."""
    return check.replace("_", " ").capitalize()


_ENVIRONMENT.filters |= {"moment": moment, "words": window_words, "plain": _plain}
