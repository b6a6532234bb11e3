"""Runs the fault table in a home of its own and prints what was seen of each case and what differs in the marts."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from deployments.faults.case import Case
from deployments.faults.catalogue import BY_NAME, CASES
from deployments.faults.gauntlet import Outcome, run
from deployments.faults.ground import ground
from deployments.faults.marts import differences, marts
from deployments.faults.review import complaints
from deployments.local.parts import free_base
from expectations.declare.errors import Misconfigured, NotReconciled


def bench(only: Sequence[str], *, as_json: bool) -> None:
    """Run the chosen cases (none named: all); raises `NotReconciled` where a promise was broken."""
    cases, began = _chosen(only), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="plumbline-faults-") as folder:
        with ground(Path(folder), free_base(range(11_000, 21_000, 100))) as here:
            seen = run(here, cases, print)
        broken = _broken(cases, seen)
        different = [str(one) for mart in marts(seen.with_faults) for one in differences(*_files(seen), mart)]
    Console().print(_table(cases, seen, broken))
    for line in different:
        print(line)
    seconds = round(time.monotonic() - began, 1)
    print(f"{len(cases)} cases in {seconds} s, {len(broken)} broken, {len(different)} places differ in the marts")
    if as_json:
        print(json.dumps({"cases": len(cases), "broken": broken, "different": different, "seconds": seconds}))
    if broken or different:
        raise NotReconciled("a fault was not met as the table says", do="Read the lines above; run it with --only")


def _chosen(only: Sequence[str]) -> list[Case]:
    unknown = [name for name in only if name not in BY_NAME]
    if unknown:
        raise Misconfigured(f"no case is called {', '.join(unknown)}", do=f"Use one of {', '.join(BY_NAME)}")
    return [BY_NAME[name] for name in only] or list(CASES)


def _broken(cases: Sequence[Case], seen: Outcome) -> dict[str, list[str]]:
    found = {case.name: complaints(case, seen, cases) for case in cases}
    return {name: said for name, said in found.items() if said}


def _files(seen: Outcome) -> tuple[Path, Path]:
    return seen.with_faults, seen.without_faults


def _table(cases: Sequence[Case], seen: Outcome, broken: dict[str, list[str]]) -> Table:
    table = Table(title="Faults")
    for heading in ("fault", "source", "jobs", "seconds", "as promised"):
        table.add_column(heading)
    for case in cases:
        reaction = seen.reactions[case.name]
        said = "; ".join(broken.get(case.name, ())) or "yes"
        table.add_row(case.name, case.source, ", ".join(reaction.jobs), f"{reaction.seconds:.1f}", said)
    return table
