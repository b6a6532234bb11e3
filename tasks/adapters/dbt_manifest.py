"""What dbt knows of its own project, read from the manifest of the last build: models, columns, lineage and tests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_SHOWN = ("model", "seed", "source")
_WORDS = re.compile(r"[a-z_][a-z_0-9]*")


@dataclass(frozen=True)
class Check:
    """A data test or unit test of a model: its name, what it says, and the words by which columns are found in it."""

    name: str
    kind: str
    says: str
    words: frozenset[str]


@dataclass(frozen=True)
class Node:
    """A model, seed or source table; `parents` and `children` are names of others."""

    name: str
    kind: str
    schema: str
    table: str
    path: str
    description: str
    columns: Mapping[str, str]
    parents: tuple[str, ...]
    children: tuple[str, ...]
    checks: tuple[Check, ...]
    source: str = ""

    def checks_of(self, column: str) -> tuple[Check, ...]:
        """The checks that name a column; all of them where none does."""
        named = tuple(check for check in self.checks if column in check.words)
        return named or self.checks


@dataclass(frozen=True)
class Project:
    """Everything that is built, by name."""

    nodes: Mapping[str, Node]

    def behind(self, name: str) -> tuple[str, ...]:
        """A model and everything that it is made of, near and far."""
        seen: set[str] = set()
        open_ends = [name]
        while open_ends:
            node = self.nodes.get(open_ends.pop())
            if node and node.name not in seen:
                seen.add(node.name)
                open_ends += node.parents
        return tuple(sorted(seen))

    def sources_behind(self, *names: str) -> tuple[str, ...]:
        """The declared sources whose rows reach the models."""
        return tuple(sorted({self.nodes[each].source for name in names for each in self.behind(name)} - {""}))

    def checks_behind(self, *names: str) -> tuple[Check, ...]:
        """Every check of the models and of all that they are made of."""
        found = {c.name: c for name in names for each in self.behind(name) for c in self.nodes[each].checks}
        return tuple(found[name] for name in sorted(found))


def read_project(work: Path) -> Project | None:
    """The project as the last build in dbt's working folder read it; None before the first."""
    manifest = (work / "target" / "models" / "manifest.json").absolute()
    return _read(manifest, manifest.stat().st_mtime_ns) if manifest.exists() else None


@lru_cache(maxsize=1)
def _read(manifest: Path, _changed: int) -> Project:
    body = json.loads(manifest.read_text(encoding="utf-8"))
    everything = {**body["nodes"], **body["sources"]}
    names = {key: _name(node) for key, node in everything.items() if node["resource_type"] in _SHOWN}
    checks: dict[str, list[Check]] = {name: [] for name in names.values()}
    for node in [*body["nodes"].values(), *body.get("unit_tests", {}).values()]:
        if node["resource_type"] in ("test", "unit_test"):
            for key in _tested(node):
                checks.get(names.get(key, ""), []).append(_check(node))
    children = {
        key: sorted({names[child] for child in body["child_map"].get(key, []) if child in names}) for key in names
    }
    return Project({name: _node(everything[key], names, children[key], checks[name]) for key, name in names.items()})


def _name(node: Mapping[str, Any]) -> str:
    return f"{node['source_name']}.{node['name']}" if node["resource_type"] == "source" else str(node["name"])


def _tested(node: Mapping[str, Any]) -> Iterable[str]:
    """A generic or unit test belongs to its model, any other to all that it reads."""
    if node.get("attached_node"):
        return [str(node["attached_node"])]
    listed = [str(key) for key in node["depends_on"]["nodes"]]
    return listed[:1] if node["resource_type"] == "unit_test" else listed


def _check(node: Mapping[str, Any]) -> Check:
    if node["resource_type"] == "unit_test":
        return Check(node["name"], "unit test", node["description"] or node["name"], frozenset())
    metadata = node.get("test_metadata")
    if metadata:
        given = {key: value for key, value in metadata["kwargs"].items() if key != "model"}
        says = "; ".join(_told(key, value) for key, value in given.items())
        return Check(node["name"], metadata["name"].replace("_", " "), says, frozenset(_WORDS.findall(says.lower())))
    says = " ".join(line[3:] for line in _leading_comment(node["raw_code"])) or node["name"].replace("_", " ")
    return Check(node["name"], "data test", says, frozenset(_WORDS.findall(node["raw_code"].lower())))


def _told(key: str, value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if key in ("columns", "statement") else f"{key}: {text}"


def _leading_comment(code: str) -> list[str]:
    lines = code.strip().splitlines()
    end = next((place for place, line in enumerate(lines) if not line.startswith("-- ")), len(lines))
    return lines[:end]


def _node(node: Mapping[str, Any], names: Mapping[str, str], children: Iterable[str], checks: Iterable[Check]) -> Node:
    parents = node.get("depends_on", {}).get("nodes", [])
    return Node(
        name=_name(node),
        kind=node["resource_type"],
        schema=str(node["schema"]).lower(),
        table=str(node.get("identifier") or node.get("alias") or node["name"]).lower(),
        path=node["original_file_path"],
        description=" ".join(str(node["description"]).split()),
        columns={name: column["description"] for name, column in node["columns"].items()},
        parents=tuple(sorted({names[key] for key in parents if key in names})),
        children=tuple(children),
        checks=tuple(sorted(checks, key=lambda check: check.name)),
        source=str(node.get("source_name", "")) if node["schema"] == "raw" and node["name"] != "load_ledger" else "",
    )
