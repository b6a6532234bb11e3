"""The table of faults, from the cases that are run; nothing stands in it that no run proves."""

from __future__ import annotations

from deployments.faults import objects, records, restated, transport
from deployments.faults.case import Case

_HEAD = """# Faults: what happens, who is told, how it heals

Written by `plumbline render` from `deployments/faults/`. Each line is a case that `tests/stack/test_faults.py` and
`plumbline bench faults` run against the local Airbyte-compatible server, a real S3 server and the product's own steps:
the fault is made, what the pipeline does at once is compared with this table, and in the end every mart must equal,
to the row and to the cent, that of the same world without any fault.

*nobody* means that no check alarms and no run fails. `critical` findings hold the release, `warning`s are told.
"""
_SECTIONS = (
    ("The Airbyte API and its jobs", transport.CASES),
    ("Objects in the landing area", objects.CASES),
    ("Records", records.CASES),
    ("Restated, withdrawn and late", restated.CASES),
)


def faults_page() -> str:
    """One section for each kind of fault, one row for each case."""
    return _HEAD + "".join(f"\n## {title}\n\n{_table(cases)}\n" for title, cases in _SECTIONS)


def _table(cases: tuple[Case, ...]) -> str:
    head = ["| fault | what is wrong | what the pipeline does | who is told | how it heals |", "|" + " --- |" * 5]
    return "\n".join([*head, *map(_row, cases)])


def _row(case: Case) -> str:
    cells = (f"`{case.name}`", case.wrong, case.does, case.who, case.healing)
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
