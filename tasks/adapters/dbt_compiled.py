"""The SQL of every model as a full build would run it, for steps that run a model over a part of its input.

dbt compiles in a process of its own, against a scratch warehouse of the same name: compiling needs no data and must
not wait for the writer. The result is kept beside dbt's other work and read again until a file of the project changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from expectations.declare.errors import Misconfigured
from tasks.adapters.dbt_leavings import temporary_folder
from tasks.adapters.dbt_runner import DbtConfig

_ROOMS = ("models", "macros", "seeds")
_QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "DBT_USE_COLORS": "false"}


@dataclass(frozen=True)
class CompiledModel:
    """One model: the relation that it makes, its SQL, whether it is incremental, its parents, and its `meta`."""

    name: str
    relation: str
    sql: str
    incremental: bool
    parents: tuple[str, ...]
    meta: Mapping[str, Any]


@dataclass(frozen=True)
class CompiledProject:
    """All models by name, and the relation of every raw table by its name (`meta_ads__ads_insights`)."""

    models: Mapping[str, CompiledModel]
    raw: Mapping[str, str]

    def descends(self, model: str, ancestor: str) -> bool:
        """Whether a model is made of another one, directly or through others."""
        parents = self.models[model].parents if model in self.models else ()
        return ancestor in parents or any(self.descends(parent, ancestor) for parent in parents)


def compiled(config: DbtConfig) -> CompiledProject:
    """The compiled project of a target; `Misconfigured` with dbt's words where it does not compile."""
    kept = (config.compiled_in or config.work / "compiled") / f"{_fingerprint(config)}.json"
    if not kept.exists():
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps(_parts(_manifest(config))))
        draft.replace(kept)
    found = json.loads(kept.read_text())
    models = {name: CompiledModel(**values) for name, values in found["models"].items()}
    return CompiledProject(models, found["raw"])


def _fingerprint(config: DbtConfig) -> str:
    account = config.environment.get("PLUMBLINE_SNOWFLAKE_DATABASE", "")
    digest = hashlib.sha256(f"{config.target} {_database(config)} {account}".encode())
    files = [path for room in _ROOMS for path in (config.project / room).rglob("*") if path.is_file()]
    for path in sorted([*files, *config.project.glob("*.yml")]):
        digest.update(f"{path.relative_to(config.project)}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:24]


def _database(config: DbtConfig) -> str:
    """The name of DuckDB's file, with which the names of its relations begin."""
    return Path(config.environment.get("PLUMBLINE_WAREHOUSE_FILE", "warehouse.duckdb")).name


def _manifest(config: DbtConfig) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="compile-", dir=temporary_folder(config.work)) as scratch:
        done = _compile(config, Path(scratch))
        written = Path(scratch) / "target" / "manifest.json"
        if done.returncode or not written.exists():
            said = " ".join(f"{done.stdout} {done.stderr}".split())[-600:]
            raise Misconfigured("dbt could not compile the project", where=str(config.project), do=said)
        manifest: dict[str, Any] = json.loads(written.read_text(encoding="utf-8"))
        return manifest


def _compile(config: DbtConfig, scratch: Path) -> subprocess.CompletedProcess[str]:
    project = str(config.project)
    words = ["--quiet", "compile", "--full-refresh", "--no-populate-cache"]
    words += ["--select", "resource_type:model", "--exclude", "path:models/quality"]
    places = ["--project-dir", project, "--profiles-dir", project, "--target", config.target]
    folders = ["--target-path", str(scratch / "target"), "--log-path", str(scratch / "logs")]
    own = {"PLUMBLINE_WAREHOUSE_FILE": str(scratch / _database(config))}
    environment = os.environ | _QUIET | dict(config.environment) | own
    command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", *words, *places, *folders]
    return subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)


def _parts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    raw = [source for source in manifest["sources"].values() if source["schema"].lower() == "raw"]
    return {
        "models": {node["name"]: _model(node) for node in models if node.get("compiled_code")},
        "raw": {source["identifier"]: source["relation_name"] for source in raw},
    }


def _model(node: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": node["name"],
        "relation": node["relation_name"],
        "sql": node["compiled_code"],
        "incremental": node["config"]["materialized"] == "incremental",
        "parents": [parent.split(".")[-1] for parent in node["depends_on"]["nodes"]],
        "meta": node["config"]["meta"],
    }
