"""All cases, by name: what the test runs is what the table shows."""

from __future__ import annotations

from deployments.faults import objects, records, restated, transport
from deployments.faults.case import Case

CASES: tuple[Case, ...] = (*transport.CASES, *objects.CASES, *records.CASES, *restated.CASES)
BY_NAME = {case.name: case for case in CASES}
