"""The warehouse is lost: bring everything back from the lake and from what was remembered of it."""

from __future__ import annotations

from prefect import flow

from flows.names import run_name
from flows.queues import writer_queue
from flows.start import fresh_rendering
from tasks.operate.rebuild import Reloaded, build_everything, recall_measurements, reload_lake, remember_again
from tasks.operate.workshop import workshop


@flow(flow_run_name=run_name, log_prints=False)
def rebuild(replace: bool = False) -> Reloaded:
    """Make the warehouse anew from the lake, equal to the one that was lost; killed in the middle, it continues.

    Args:
        replace: Also where the warehouse is whole, or cannot be opened; its file is kept under another name.
    """
    fresh_rendering()
    with writer_queue():
        with workshop(replace=replace):
            reloaded = reload_lake()
            recall_measurements()
            build_everything()
        remember_again()
    return reloaded
