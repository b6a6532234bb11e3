"""Where dbt works when it thinks that it is anywhere: a killed one leaves copies of its profile behind."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

KEPT_SECONDS = 86_400


def temporary_folder(work: Path) -> str:
    """A folder for the temporary files of dbt and its adapter; what is a day old in it is nobody's any more."""
    folder = work.absolute() / "tmp"
    folder.mkdir(parents=True, exist_ok=True)
    for left in (path for path in folder.iterdir() if path.stat().st_mtime < time.time() - KEPT_SECONDS):
        shutil.rmtree(left, ignore_errors=True)
    return str(folder)
