"""What happens when somebody cancels a flow run."""

from __future__ import annotations

from typing import Any

from prefect import Flow
from prefect.client.schemas.objects import FlowRun, State

from flows.start import window_of
from tasks.ingest.cancel import cancel_job_of


def cancel_its_job(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    """Prefect's hook: the Airbyte job of a cancelled refresh is cancelled with it."""
    cancel_job_of(str(flow_run.parameters["source"]), window_of(flow_run))
