"""dbt's own documentation of the project as one page, made in a process of its own, for people who want its graph."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from expectations.declare.errors import Misconfigured
from tasks.adapters.dbt_leavings import temporary_folder
from tasks.adapters.dbt_runner import DbtConfig

_QUIET = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false", "DO_NOT_TRACK": "1", "DBT_USE_COLORS": "false"}


def generate_docs(config: DbtConfig, page: Path) -> Path:
    """Write the page, whole or not at all, and return it; `Misconfigured` with dbt's words.

    dbt opens the warehouse for the types of the columns, so the caller holds its lock.
    """
    with tempfile.TemporaryDirectory(prefix="docs-", dir=temporary_folder(config.work)) as scratch:
        done = _generate(config, Path(scratch))
        written = Path(scratch) / "target" / "static_index.html"
        if done.returncode or not written.exists():
            said = " ".join(f"{done.stdout} {done.stderr}".split())[-600:]
            raise Misconfigured("dbt could not document the project", where=str(config.project), do=said)
        page.parent.mkdir(parents=True, exist_ok=True)
        draft = page.with_name(f".{page.name}.{os.getpid()}")
        shutil.copyfile(written, draft)
        os.replace(draft, page)
    return page


def _generate(config: DbtConfig, scratch: Path) -> subprocess.CompletedProcess[str]:
    project = str(config.project)
    words = ["--quiet", "docs", "generate", "--static"]
    places = ["--project-dir", project, "--profiles-dir", project, "--target", config.target]
    folders = ["--target-path", str(scratch / "target"), "--log-path", str(scratch / "logs")]
    environment = os.environ | _QUIET | dict(config.environment)
    command = [sys.executable, "-W", "ignore", "-m", "dbt.cli.main", *words, *places, *folders]
    return subprocess.run(command, cwd=scratch, env=environment, capture_output=True, text=True, check=False)
