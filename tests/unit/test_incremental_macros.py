"""The statements of the project's own incremental strategies, as each engine gets them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

MACROS = Path(__file__).parents[2] / "dbt" / "macros" / "incremental.sql"
GOLDEN = Path(__file__).parents[1] / "golden" / "snowflake" / "slices.sql"


def _statements(engine: str) -> str:
    """What strategy `slices` says; dbt's own words are stood in for."""
    macros: dict[str, Any] = {}

    def dispatch(name: str) -> Any:
        return macros.get(f"{engine}__{name}") or macros[f"default__{name}"]

    said = {
        "return": lambda value: value,
        "adapter": SimpleNamespace(dispatch=dispatch),
        "snowflake_dml_explicit_transaction": lambda dml: f"begin;\n{dml};\ncommit;",
    }
    module = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(MACROS.read_text()).make_module(said)
    macros.update({name: getattr(module, name) for name in dir(module) if "__" in name and not name.startswith("_")})
    columns = [SimpleNamespace(quoted=f'"{name}"') for name in ("account_id", "date_start", "spend", "_load_seq")]
    given = {"target_relation": "intermediate.int_x", "temp_relation": "int_x__fresh", "dest_columns": columns}
    strategy: Any = module.get_incremental_slices_sql  # type: ignore[attr-defined]
    text = str(strategy(given | {"unique_key": ["account_id", "date_start"]}))
    return "\n".join(line.strip() for line in text.splitlines() if line.strip()) + "\n"


def test_on_snowflake_a_slice_is_replaced_in_one_transaction(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden", default=False):
        GOLDEN.write_text(_statements("snowflake"))
    assert GOLDEN.read_text() == _statements("snowflake")


def test_on_duckdb_the_transaction_is_that_of_the_model() -> None:
    snowflake = _statements("snowflake").removeprefix("begin;\n").removesuffix(";\ncommit;\n")
    assert _statements("duckdb") == snowflake + "\n"
