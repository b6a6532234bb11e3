"""Folders for files on their way: gone at the end, also at the end of a killed process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tasks.scratch import scratch

WORK = """
from tasks.scratch import scratch
with scratch("seal") as folder:
    (folder / "part").touch()
    print(folder, flush=True)
    input()
"""


def test_a_folder_is_gone_at_the_end_of_its_block(home: Path) -> None:
    with scratch("seal") as folder:
        (folder / "part").touch()
        assert folder.parent == home / "scratch"
    assert not folder.exists()


def test_the_folder_of_a_killed_process_is_removed_by_the_next_and_that_of_a_living_one_is_left(home: Path) -> None:
    command = [sys.executable, "-c", WORK]
    dead, living = (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    try:
        assert dead.stdout
        assert living.stdout
        left, used = Path(dead.stdout.readline().strip()), Path(living.stdout.readline().strip())
        dead.kill()
        dead.wait()
        assert (left / "part").exists()
        with scratch("load"):
            assert not left.exists()
            assert (used / "part").exists()
    finally:
        dead.communicate()
        living.communicate("\n")
    assert not used.exists()
