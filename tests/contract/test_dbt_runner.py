"""dbt through its adapter, on a project of four models: what is said about success, failure and what was skipped.

The invocations run in a process of their own, against Prefect's test server, as a worker would run them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from expectations.declare.errors import Misconfigured
from tasks.adapters.dbt_runner import PROJECT, Dbt, DbtConfig

SCRIPT = """
import json, subprocess, sys
from pathlib import Path
from prefect import flow
from prefect.testing.utilities import prefect_test_harness
from tasks.adapters.dbt_runner import Dbt, DbtConfig

home = Path(sys.argv[1])
environment = {"PLUMBLINE_WAREHOUSE_FILE": str(home / "w.duckdb")}
dbt = Dbt(DbtConfig(home=home, project=home / "project", environment=environment))
opens = "import duckdb, sys; db = duckdb.connect(sys.argv[1]); "
opens += "print(db.execute('select count(*) from marts.good').fetchone()[0])"

def told(outcome):
    return {
        "success": outcome.success,
        "results": {node.name: [node.status, node.message] for node in outcome.results},
        "kept": outcome.run_results.exists(),
    }

def another_process():
    words = [sys.executable, "-c", opens, str(home / "w.duckdb")]
    return subprocess.run(words, capture_output=True, text=True).stdout.strip()

@flow
def build():
    said = {"all": told(dbt.run_models()), "rows": another_process(), "one": told(dbt.run_models(["good"]))}
    said |= {"rows_again": another_process(), "tests": told(dbt.run_tests())}
    try:
        dbt.run_models(["no_such_model"])
    except Exception as error:
        said["nothing"] = [type(error).__name__, str(error)]
    (home / "project/models/broken.sql").write_text("select * from {{ ref('absent') }}")
    try:
        dbt.run_models(["good"])
    except Exception as error:
        said["broken"] = [type(error).__name__, str(error)]
    return said

with prefect_test_harness(server_startup_timeout=180):
    (home / "said.json").write_text(json.dumps(build()))
"""
MODELS = {
    "good": "select 1 as id union all select 2 as id",
    "reader": "select * from {{ ref('good') }}",
    "failing": "select cast('abc' as integer) as id",
    "child": "select * from {{ ref('failing') }}",
}
TESTS = {"passes": "select * from {{ ref('good') }} where id > 9", "finds": "select * from {{ ref('good') }}"}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("dbt")
    project = home / "project"
    for folder, files in (("models/marts", MODELS), ("tests", TESTS)):
        (project / folder).mkdir(parents=True)
        for name, text in files.items():
            (project / folder / f"{name}.sql").write_text(text)
    (project / "macros").mkdir()
    for name in ("dbt_project.yml", "profiles.yml", "macros/generate_schema_name.sql"):
        (project / name).write_text((PROJECT / name).read_text())
    return home


@pytest.fixture(scope="module")
def said(home: Path) -> dict[str, Any]:
    environment = os.environ | {
        "PREFECT_HOME": str(home / "prefect"), "PREFECT_LOGGING_LEVEL": "WARNING", "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home)], env=environment, capture_output=True, text=True, check=False
    )
    assert (home / "said.json").exists(), done.stdout + done.stderr
    answer: dict[str, Any] = json.loads((home / "said.json").read_text())
    return answer


def test_a_failed_model_is_named_with_its_error_and_its_child_is_skipped(said: dict[str, Any]) -> None:
    results = said["all"]["results"]
    assert not said["all"]["success"]
    assert (results["good"][0], results["reader"][0], results["child"][0]) == ("success", "success", "skipped")
    assert results["failing"][0] == "error"
    assert "Could not convert string 'abc'" in results["failing"][1]


def test_the_results_file_is_kept(said: dict[str, Any]) -> None:
    assert said["all"]["kept"]
    assert said["tests"]["kept"]


def test_another_process_can_open_the_warehouse_afterwards(said: dict[str, Any]) -> None:
    assert (said["rows"], said["rows_again"]) == ("2", "2")


def test_a_second_invocation_in_the_process_runs_what_is_selected(said: dict[str, Any]) -> None:
    assert said["one"]["success"]
    assert list(said["one"]["results"]) == ["good"]


def test_data_tests_say_which_failed(said: dict[str, Any]) -> None:
    assert not said["tests"]["success"]
    assert {name: status for name, (status, _) in said["tests"]["results"].items()} == {
        "finds": "fail",
        "passes": "pass",
    }


def test_a_selection_of_nothing_is_refused(said: dict[str, Any]) -> None:
    kind, text = said["nothing"]
    assert kind == "Misconfigured"
    assert text.startswith("dbt found nothing to run")


def test_a_broken_project_is_refused_with_the_words_of_dbt(said: dict[str, Any]) -> None:
    kind, text = said["broken"]
    assert kind == "Misconfigured"
    assert "depends on a node named 'absent' which was not found" in text


def test_parsing_in_a_process_of_its_own_says_what_is_broken(home: Path, said: dict[str, Any]) -> None:
    assert said
    with pytest.raises(Misconfigured, match="depends on a node named 'absent'"):
        Dbt(DbtConfig(home=home, project=home / "project")).parse()
