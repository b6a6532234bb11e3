"""The house keeps its shape: what may import what, what is called what, and where the few special things are."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("expectations", "tasks", "flows", "deployments")  # imports only point to the left
PLAN = {
    "flows", "tasks", "expectations", "dbt", "deployments", "tests", "prefect.yaml", "pyproject.toml", "README.md",
    "Makefile", "requirements.lock", "requirements-test.lock", "LICENSE", "CHANGELOG.md",
}  # fmt: skip


def _modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", _modules(), ids=_named)
def test_imports_follow_the_arrow(path: Path) -> None:
    room = path.relative_to(ROOT).parts[0]
    allowed = ROOMS[: ROOMS.index(room) + 1]
    forbidden = [name for name in _imports(path) if name.split(".")[0] in ROOMS and name.split(".")[0] not in allowed]
    assert forbidden == []


@pytest.mark.parametrize("path", sorted((ROOT / "tasks/adapters").rglob("*.py")), ids=_named)
def test_adapters_know_neither_prefect_nor_a_step(path: Path) -> None:
    allowed = ("tasks.adapters", "tasks.window", "tasks.settings")
    steps = [n for n in _imports(path) if n.startswith("tasks.") and not n.startswith(allowed)]
    prefect = [n for n in _imports(path) if n.split(".")[0] == "prefect"]
    assert steps + prefect == []


def test_only_the_judge_knows_great_expectations() -> None:
    users = [_named(p) for p in _modules() if any(n.split(".")[0] == "great_expectations" for n in _imports(p))]
    assert all(user.startswith("expectations/judge/") for user in users), users


def test_declarations_do_not_import_judgement() -> None:
    users = [
        _named(p)
        for p in sorted((ROOT / "expectations/declare").glob("*.py"))
        if any(n.startswith("expectations.judge") for n in _imports(p))
    ]
    assert users == []


def test_one_module_knows_dbt() -> None:
    users = {_named(p) for p in _modules() if any(n.split(".")[0] in ("dbt", "prefect_dbt") for n in _imports(p))}
    assert users <= {"tasks/adapters/dbt_runner.py"}


def test_the_dbt_folder_does_not_hide_dbt() -> None:
    assert not list((ROOT / "dbt").rglob("__init__.py"))


def test_no_module_is_named_after_a_library() -> None:
    libraries = set(sys.stdlib_module_names) | {name.lower() for name in packages_distributions()}
    # Inside a package a name is qualified; only what a file-loaded flow could shadow is dangerous.
    names = {
        path.stem for room in ("flows", "deployments", "tasks", "expectations") for path in (ROOT / room).glob("*.py")
    }
    assert names & (libraries - set(ROOMS) - {"__init__"}) == set()


def test_the_profile_is_read_in_one_place() -> None:
    readers = [_named(p) for p in _modules() if "PLUMBLINE_PROFILE" in p.read_text()]
    assert readers == ["tasks/settings.py"]


def test_the_top_level_is_the_plan() -> None:
    found = {p.name for p in ROOT.iterdir() if not p.name.startswith(".") and not p.name.endswith(".egg-info")}
    assert found <= PLAN | {"build"}


@pytest.mark.parametrize("path", _modules(), ids=_named)
def test_modules_and_functions_are_small(path: Path) -> None:
    text = path.read_text()
    assert text.count("\n") <= 300
    long = [
        f"{node.name}: {(node.end_lineno or 0) - node.lineno + 1} lines"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (node.end_lineno or 0) - node.lineno >= 60
    ]
    assert long == []


@pytest.mark.parametrize("path", _modules(), ids=_named)
def test_every_module_says_why_it_exists(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text()))


def test_prefect_finds_its_flows_by_dotted_names() -> None:
    import yaml

    deployments = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert all(":" not in d["entrypoint"] and d["entrypoint"].startswith("flows.") for d in deployments)
