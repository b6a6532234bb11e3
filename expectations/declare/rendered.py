"""How a rendered file says which declarations it was written from, so that everybody can tell when it is stale."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from expectations.declare.metrics import metrics_hash
from expectations.declare.source import SOURCES, declaration_hash, names

CHECKOUT = SOURCES.parents[1]
_HEADER = re.compile(r"rendered from ([a-z0-9_, ]+), sha256 ([0-9a-f]{64})")
_LOOKED_AT = ("models/**/*.sql", "models/**/*.yml", "macros/**/*.sql")
ALL = "all sources"
METRIC_FILES = "the metrics"


def header(chosen: str = ALL) -> str:
    """The first line of a file rendered from one source, all of them or the metrics (without comment signs)."""
    digest = metrics_hash() if chosen == METRIC_FILES else declaration_hash(None if chosen == ALL else [chosen])
    return f"rendered from {chosen}, sha256 {digest}; change the declaration, then run `plumbline render`"


def stale(checkout: Path = CHECKOUT) -> list[str]:
    """Rendered files whose declaration has changed since, and sources with nothing rendered; empty when fresh."""
    now = {ALL: declaration_hash(), METRIC_FILES: metrics_hash()}
    now |= {name: declaration_hash([name]) for name in names()}
    found = list(_headers(checkout))
    old = [str(path.relative_to(checkout)) for path, chosen, digest in found if now.get(chosen) != digest]
    missing = sorted(now.keys() - {chosen for _, chosen, _ in found})
    return sorted(old) + [f"nothing is rendered from {chosen} yet" for chosen in missing]


def _headers(checkout: Path) -> Iterator[tuple[Path, str, str]]:
    paths = [path for pattern in _LOOKED_AT for path in (checkout / "dbt").glob(pattern)]
    for path in [*paths, checkout / "prefect.yaml"]:
        if path.exists():
            with path.open(encoding="utf-8") as file:
                start = file.read(400 if path.suffix != ".yaml" else -1)
            for chosen, digest in _HEADER.findall(start):
                yield path, chosen, digest
