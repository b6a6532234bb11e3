"""Build the site that people open: index, figures, Data Docs, runbooks; readable without scripts or a network."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from markupsafe import Markup
from prefect import task

from expectations.declare.errors import Unavailable
from tasks.outcomes import recorded
from tasks.publish.data_docs import data_docs
from tasks.publish.figures import COLUMNS, MART, MART_NAME, Figures, figures
from tasks.publish.origins import counted, groups, held_marts, origins_of
from tasks.publish.publish import held_notes, published, release_notes
from tasks.publish.site_index import as_of, decisions, freshness, marks, open_incidents, recovered_incidents
from tasks.publish.site_models import model_pages
from tasks.publish.site_parts import ASSETS, places, runbook_pages, warehouse_words, write_if_new
from tasks.publish.site_upload import share_site
from tasks.publish.site_write import write_page
from tasks.settings import settings
from tasks.window import Window


@task(task_run_name="document {window.label}")
@recorded
def document(window: Window) -> Path:
    """Bring the site up to date and return its index; `window` is the one whose findings have just changed."""
    site = settings().home / "site"
    for asset in ASSETS:
        write_if_new(site / "assets" / asset.name, asset.read_text())
    data_docs(site / "data-docs", window)
    _runbooks(site / "runbooks")
    model_pages(site)
    return _shared(_index(site))


def refresh_index() -> Path:
    """The first page anew, where people have decided something that no run has told yet."""
    return _shared(_index(settings().home / "site"))


def _shared(index: Path) -> Path:
    """Send the site to the bucket where that is wanted; one that does not answer gets the rest the next time."""
    if settings().core.site_prefix:
        with suppress(Unavailable):  # its outcome says so; the pages here are as they should be
            share_site()
    return index


def _runbooks(folder: Path) -> None:
    for name, title, body in runbook_pages():
        page = folder / f"{name}.html"
        write_page(page, "runbook.html", title=title, body=Markup(body), warehouse=warehouse_words())
    write_page(folder / "index.html", "runbooks.html", runbooks=[(name, title) for name, title, _ in runbook_pages()])


def _index(site: Path) -> Path:
    shown, release = _published_figures(), release_notes()
    facts: dict[str, Any] = {"release": release, "held": held_notes(), "figures": shown}
    facts["as_of"] = as_of(release) if release else ""
    facts |= {"origins": origins_of(release), "groups": groups(release), "counted": counted(release)}
    facts |= {"marks": marks(release, MART_NAME), "figures_held": held_marts(release).get(MART_NAME)}
    folder = settings().home / "published" / "current" / MART
    write_page(site / "figures.html", "figures.html", columns=COLUMNS, parquet=folder, **facts)
    waiting, over = open_incidents(), recovered_incidents()
    sources = freshness(release)
    facts |= {"decisions": decisions(release), "places": places()}
    write_page(site / "index.html", "index.html", waiting=waiting, over=over, sources=sources, **facts)
    return site / "index.html"


def _published_figures() -> Figures | None:
    folder, release = published(), release_notes()
    if folder is None or release is None:
        return None
    # Where the mart is held, the days that it closes are those of the release that it comes from.
    origin = origins_of(release).get(MART_NAME)
    return figures(folder, Window.parse((origin and origin.window) or release["window"]["label"]))
