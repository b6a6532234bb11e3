"""The table of faults, from the cases that are run; nothing stands in it that no run proves."""

from __future__ import annotations

from deployments.faults import objects, records, restated, transport
from deployments.faults.case import Case
from deployments.faults.matrix import promised, table

_HEAD = """# Faults: what happens, who is told, how it heals

Written by `plumbline render` from `deployments/faults/`. Each line is a case that `tests/stack/test_faults.py` and
`plumbline bench faults` run against the local Airbyte-compatible server, a real S3 server and the product's own steps:
the fault is made, what the pipeline does at once is compared with this table, and in the end every mart must equal,
to the row and to the cent, that of the same world without any fault.

*nobody* means that no check alarms and no run fails. `critical` findings hold the release, `warning`s are told.
"""
_CAUGHT = """Each of these {told} faults alarms the check in its row, as gravely as written, and no other one; the
other {silent} alarm none. What a changed field leaves empty is no null spike, and an account whose total is proven
wrong is no spend anomaly: a fault is told once.
"""
_SECTIONS = (
    ("The Airbyte API and its jobs", transport.CASES),
    ("Objects in the landing area", objects.CASES),
    ("Records", records.CASES),
    ("Restated, withdrawn and late", restated.CASES),
)


def faults_page() -> str:
    """One section for each kind of fault, one row for each case."""
    sections = "".join(f"\n## {title}\n\n{_table(cases)}\n" for title, cases in _SECTIONS)
    cases = [case for _, some in _SECTIONS for case in some]
    silent = sum(not case.told for case in cases)
    words = _CAUGHT.format(told=len(cases) - silent, silent=silent)
    return f"{_HEAD}{sections}\n## Which check catches which fault\n\n{words}\n{table(promised(cases))}\n"


def _table(cases: tuple[Case, ...]) -> str:
    head = ["| fault | what is wrong | what the pipeline does | who is told | how it heals |", "|" + " --- |" * 5]
    return "\n".join([*head, *map(_row, cases)])


def _row(case: Case) -> str:
    cells = (f"`{case.name}`", case.wrong, case.does, case.who, case.healing)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
