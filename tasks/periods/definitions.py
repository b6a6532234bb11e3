"""What each signed figure means, in the words of its mart: frozen with the figures, because words change, too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tasks.build.marts import MARTS


def definitions(measured: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The description of every figure, as `mart.metric`; a count has that of its mart."""
    found: dict[str, str] = {}
    for mart, metrics in sorted(measured.items()):
        described, columns = _described(mart)
        found |= {f"{mart}.{metric}": columns.get(metric) or f"Count: {described}" for metric in metrics}
    return found


def _described(mart: str) -> tuple[str, dict[str, str]]:
    path = next(iter(MARTS.rglob(f"{mart}.yml")), None)
    body: dict[str, Any] = yaml.safe_load(path.read_text()) if isinstance(path, Path) else {}
    model: dict[str, Any] = next((m for m in body.get("models", []) if m["name"] == mart), {})
    columns = {str(c["name"]): _one_line(c.get("description", "")) for c in model.get("columns", [])}
    return _one_line(model.get("description", mart)), columns


def _one_line(text: str) -> str:
    return " ".join(str(text).split())
