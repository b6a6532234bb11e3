"""dbt in a process of its own, without Prefect: what a run of the fault table needs of a build."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from expectations.declare.errors import NotReconciled
from expectations.declare.source import Source, load_all
from tasks import doors
from tasks.build.people import ensure_identity

_NO_MARTS = ("path:models/marts/operations", "path:models/quality")


def begin_parse() -> subprocess.Popen[bytes]:
    """Let dbt read the project in the background, so that the first build need not."""
    command, environment = _command(["parse"])
    return subprocess.Popen(
        command, cwd=doors.dbt().config.home, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def measure(sources: Sequence[Source]) -> None:
    """Bring the rows and the measurements of these sources up to date; raises `NotReconciled` with dbt's words."""
    _run(["run", "--select", *(f"+{source.measure_model}" for source in sources), "measurements"])


def build() -> None:
    """Build the marts with all they are made of, but not what is measured or is about runs."""
    _run(["build", "--resource-type", "seed", "model", "--select", "+path:models/marts", "--exclude", *_NO_MARTS])


def _run(words: Sequence[str]) -> None:
    _ensure_raw()
    command, environment = _command(words)
    home = doors.dbt().config.home
    done = subprocess.run(command, cwd=home, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotReconciled("dbt did not build", where=str(home), do=(done.stdout + done.stderr)[-3000:])


def _ensure_raw() -> None:
    with doors.warehouse() as warehouse:
        for source in load_all().values():
            for stream in source.streams.values():
                warehouse.ensure_raw(stream.raw_table)
        ensure_identity(warehouse)


def _command(words: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    config = doors.dbt().config
    places = ["--project-dir", str(config.project), "--profiles-dir", str(config.project), "--target", config.target]
    places += ["--target-path", str(config.work / "target" / "apart"), "--log-path", str(config.work / "logs")]
    # Warnings are of libraries, and nobody reads them here.
    command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", "--quiet", *words, *places]
    return command, {**os.environ, **config.environment, "DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}
