"""The rules of the models on rows made for them: dbt's unit tests, each a rule with an edge case."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable

from tests.conftest import PROJECT, Pipeline


def test_every_rule_of_the_models_holds_in_its_edge_cases(new_pipeline: Callable[[str], Pipeline]) -> None:
    """The message names the rules that do not."""
    pipeline = new_pipeline("rules")
    pipeline.build()
    target = pipeline.home / "dbt" / "target"
    words = ["test", "--select", "test_type:unit", "--quiet", "--target", "embedded", "--target-path", str(target)]
    words += ["--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT), "--log-path", str(target / "logs")]
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", *words],
        cwd=pipeline.home, env=os.environ | {"PLUMBLINE_WAREHOUSE_FILE": "warehouse.duckdb"},
        capture_output=True, check=False,
    )  # fmt: skip
    results = json.loads((target / "run_results.json").read_text())["results"]
    assert len(results) > 20
    broken = {node["unique_id"].split(".")[-1]: node["message"] for node in results if node["status"] != "pass"}
    assert broken == {}
