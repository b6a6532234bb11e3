"""Writes what dbt and Prefect must read statically, from the source declarations; the results are committed.

Every file begins with the hash of the declarations it was written from. A file that carries such a line and
is no longer wanted (a source or stream went) is removed.
"""

from __future__ import annotations

import re
from pathlib import Path

from deployments.faults.page import faults_page
from deployments.render.declared import declared_macros
from deployments.render.measure import measurements_view, measures_of
from deployments.render.metrics import ATTRIBUTED, attributed_metrics, metrics_daily
from deployments.render.models import files_of, providers_macro
from deployments.render.schedules import with_schedules
from deployments.render.settings import settings_page
from deployments.render.text import Files
from expectations.declare.metrics import METRICS
from expectations.declare.rendered import ALL, CHECKOUT, METRIC_FILES, header
from expectations.declare.source import Source, load_all

_RENDERED = re.compile(r"^(-- |# |\{# )rendered from ")


def render(check: bool = False, *, checkout: Path = CHECKOUT) -> list[Path]:
    """Write (or, with `check`, only compare) every rendered file; the paths that differ, also those to remove."""
    sources = load_all()
    attributed = checkout / METRICS.relative_to(CHECKOUT) / ATTRIBUTED
    early = [] if check else _written_first(attributed, attributed_metrics())
    wanted = {checkout / path: text for path, text in _wanted(sources).items()} | {attributed: attributed_metrics()}
    prefect = checkout / "prefect.yaml"
    wanted[prefect] = with_schedules(prefect.read_text(encoding="utf-8") if prefect.exists() else "", sources)
    wanted[checkout / "deployments" / "settings.md"] = settings_page()
    wanted[checkout / "deployments" / "faults.md"] = faults_page()
    changed = [path for path, text in wanted.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    surplus = [path for path in _rendered_files(checkout / "dbt") if path not in wanted]
    if not check:
        for path in changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[path], encoding="utf-8")
        for path in surplus:
            path.unlink()
    return sorted({*early, *changed, *surplus})


def _written_first(path: Path, text: str) -> list[Path]:
    """A file that others are compiled from."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return []
    path.write_text(text, encoding="utf-8")
    return [path]


def _wanted(sources: dict[str, Source]) -> Files:
    files: Files = {}
    for source in sources.values():
        for path, text in (files_of(source) | measures_of(source)).items():
            files[f"dbt/{path}"] = _headed(path, source.name, text)
    shared = {"macros/sources_providing.sql": providers_macro(sources)} | measurements_view(sources)
    shared["macros/declared.sql"] = declared_macros(sources)
    metrics = "models/marts/metrics/fct_metrics_daily.sql"
    files[f"dbt/{metrics}"] = _headed(metrics, METRIC_FILES, metrics_daily())
    return files | {f"dbt/{path}": _headed(path, ALL, text) for path, text in shared.items()}


def _headed(path: str, chosen: str, text: str) -> str:
    line = header(chosen)
    if path.endswith(".yml"):
        return f"# {line}\n{text}"
    return f"{{# {line} #}}\n\n{text}" if path.startswith("macros/") else f"-- {line}\n{text}"


def _rendered_files(dbt: Path) -> list[Path]:
    paths = [path for kind in ("models/**/*.sql", "models/**/*.yml", "macros/**/*.sql") for path in dbt.glob(kind)]
    return [path for path in paths if _RENDERED.match(path.read_text(encoding="utf-8"))]
