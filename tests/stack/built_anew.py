"""Every mart made anew from what is typed: by the embedded engine, and by Snowflake's SQL on a stand-in.

Run as a program for the latter, because the stand-in takes the place of Snowflake's connector in its process. It does
not run functions on the elements of lists inside of JSON: what needs them is taken from the embedded engine.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import duckdb

CHECKOUT = Path(__file__).parents[2]
SIDES = ("ours", "theirs")
MADE = ("intermediate", "marts", "operations", "restricted")
_KEPT = ("path:models/staging", "path:models/quality")
_TAKES_LISTS_APART = "shopify__order_versions"


def by_duckdb(warehouse: Path, folder: Path) -> Path:
    """A copy of the warehouse in which every seed, current row and mart is made anew, without what was there."""
    copy = folder / "warehouse.duckdb"
    shutil.copyfile(warehouse, copy)
    with duckdb.connect(str(copy)) as connection:
        for schema in MADE:
            connection.execute(f"drop schema if exists {schema} cascade")
    command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", *_words(CHECKOUT / "dbt", folder, "embedded")]
    _run(command, {"PLUMBLINE_WAREHOUSE_FILE": str(copy)})
    return copy


def by_snowflake(warehouse: Path, folder: Path) -> Path:
    """A DuckDB file with what Snowflake's SQL makes of the warehouse's typed rows."""
    shutil.copytree(CHECKOUT / "dbt", folder / "dbt")
    payload = folder / "dbt" / "macros" / "payload.sql"
    before, _, after = payload.read_text().partition("{% macro snowflake__url_decoded(text) -%}")
    after = after.partition("{%- endmacro %}")[2]
    assert after, "the macro that has a stand-in is not there"
    stand_in = "{% macro snowflake__url_decoded(text) -%} url_decoded({{ text }}) {%- endmacro %}"
    payload.write_text(before + stand_in + after)
    made = folder / "made.duckdb"
    _run([sys.executable, "-W", "ignore", "-m", "tests.stack.built_anew", str(warehouse), str(folder), str(made)], {})
    return made


def differing(ours: Path, theirs: Path, *, beside: frozenset[str] = frozenset()) -> dict[str, tuple[int, int]]:
    """Relations whose rows are not the same: how many only ours has, and only theirs; -1 where one has no such table.

    Hidden columns, lists and columns named in `beside` are left out, and so are rows in which every amount is zero:
    the stand-in adds decimals as floats, and keeps the difference of two equal sums as a row of nothing.
    """
    with duckdb.connect() as connection:
        connection.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        places = {side: {f"{s}.{t}".lower() for s, t in _names(connection, side) if s in MADE} for side in SIDES}
        found = dict.fromkeys(places["ours"] ^ places["theirs"], (-1, -1))
        for place in sorted(places["ours"] & places["theirs"]):
            told = _told(connection, place, beside)
            one, other = (f"(select {told[0]} from {side}.{place} {told[1]})" for side in SIDES)
            counts = [f"(select count(*) from ({a} except all {b}))" for a, b in ((one, other), (other, one))]
            missing, extra = connection.execute(f"select {', '.join(counts)}").fetchall()[0]
            if missing or extra:
                found[place] = (missing, extra)
    return found


def _told(connection: duckdb.DuckDBPyConnection, place: str, beside: frozenset[str]) -> tuple[str, str]:
    """The columns of a relation as both engines can say them, and which rows count."""
    described = connection.execute(f"describe ours.{place}").fetchall()
    columns = [(name, kind) for name, kind, *_ in described if "[]" not in kind]
    amounts = [name for name, kind in columns if kind == "DECIMAL(38,6)"]
    told = [_said(name, kind) for name, kind in columns if not name.startswith("_") and name not in beside]
    zero = " and ".join(f'coalesce(abs("{name}"), 0) < 0.00001' for name in amounts)
    return ", ".join(told), f"where not ({zero})" if zero else ""


def _said(name: str, kind: str) -> str:
    if kind.startswith(("DECIMAL", "DOUBLE")):
        return f'round(cast("{name}" as double), 4)'
    return f'cast("{name}" as {"timestamp" if kind.startswith("TIMESTAMP") else "varchar"})'


def _words(project: Path, folder: Path, target: str) -> list[str]:
    words = ["build", "--quiet", "--full-refresh", "--resource-type", "seed", "model", "--exclude", *_KEPT]
    words += ["--project-dir", str(project), "--profiles-dir", str(project), "--target", target]
    return [*words, "--target-path", str(folder / "target"), "--log-path", str(folder / "logs")]


def _run(command: list[str], environment: dict[str, str]) -> None:
    quiet = {"DO_NOT_TRACK": "1", "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
    done = subprocess.run(
        command, cwd=CHECKOUT, env=os.environ | quiet | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-4000:]


def _decoded(text: str) -> str:
    """What `snowflake__url_decoded` promises."""
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode()
    except ValueError:
        return text


def _private_key(folder: Path) -> Path:
    """dbt reads a key before it asks the connector, which takes any."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    wrapped = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.p8").write_bytes(key.private_bytes(serialization.Encoding.PEM, *wrapped))
    return folder / "key.p8"


def _take_over(engine: Any, warehouse: Path) -> None:
    """What is not made here, as Snowflake would hold it: names in capitals, lists and structs as JSON."""
    engine.execute(f"attach '{warehouse}' as src (read_only)")
    views = "select schema_name, view_name from duckdb_views() where database_name = 'src' and schema_name = 'staging'"
    for schema, table in [*_names(engine, "src"), *engine.execute(views).fetchall()]:
        if schema not in MADE or table == _TAKES_LISTS_APART:
            columns = engine.execute(f"describe src.{schema}.{table}").fetchall()
            told = ", ".join(f'to_json("{n}") as {n}' if "[]" in kind else f'"{n}" as {n}' for n, kind, *_ in columns)
            place = f"plumbline.{schema.upper()}.{table.upper()}"
            engine.execute(f"create schema if not exists plumbline.{schema.upper()}")
            engine.execute(f"create table {place} as select {told} from src.{schema}.{table}")


def _names(engine: Any, catalog: str) -> list[tuple[str, str]]:
    listed = "select schema_name, table_name from duckdb_tables() where database_name = ?"
    found: list[tuple[str, str]] = engine.execute(listed, [catalog]).fetchall()
    return found


def _on_the_stand_in(warehouse: Path, folder: Path, made: Path) -> None:
    warnings.simplefilter("ignore")
    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)
    import fakesnow

    os.environ["PLUMBLINE_SNOWFLAKE_PRIVATE_KEY_FILE"] = str(_private_key(folder))
    with fakesnow.patch(create_database_on_connect=True):
        from dbt.cli.main import dbtRunner
        from snowflake import connector

        opened: Any = connector.connect(user="PLUMBLINE", database="PLUMBLINE", schema="PUBLIC")
        engine = opened._duck_conn
        _take_over(engine, warehouse)
        engine.create_function("url_decoded", _decoded, ["varchar"], "varchar")
        words = _words(folder / "dbt", folder, "snowflake")
        words.insert(words.index("--project-dir"), _TAKES_LISTS_APART)
        done = dbtRunner().invoke([*words, "--threads", "1"])
        if not done.success:
            failed = [f"{each.node.name}: {each.message}" for each in done.result or () if each.status == "error"]
            sys.exit(str(done.exception or "\n".join(failed)))
        engine.execute(f"attach '{made}' as made")
        for schema, table in _names(engine, "PLUMBLINE"):
            if schema.lower() in MADE:
                place = f"{schema}.{table}".lower()
                engine.execute(f"create schema if not exists made.{schema.lower()}")
                engine.execute(f'create table made.{place} as from plumbline."{schema}"."{table}"')


if __name__ == "__main__":
    _on_the_stand_in(*map(Path, sys.argv[1:]))
