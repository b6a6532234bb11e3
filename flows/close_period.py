"""Close a month of the books, or open it again: a person's decision, from the UI or the command line."""

from __future__ import annotations

from prefect import flow

from flows.names import run_name
from flows.queues import writer_queue
from flows.start import chosen_window, fresh_rendering
from tasks.periods.close import Closed, Reopened, close, reopen
from tasks.periods.compare import compare_closed
from tasks.publish.alert import announce
from tasks.publish.deliver import deliver


@flow(flow_run_name=run_name, log_prints=False)
def close_period(month: str, by: str, note: str = "", require_invoices: bool = False) -> Closed:
    """Check a month, freeze its published figures, and compare them with the workshop at once.

    Args:
        month: The month, as 2026-10. It must be over.
        by: Who signs, at least one name for each side: Ann Lee (finance), Bo Chen (marketing).
        note: What should stand beside the signatures.
        require_invoices: Refuse to close without an invoice for each ad account.
    """
    window = chosen_window(None)
    fresh_rendering()
    with writer_queue():
        closed = close(month, by, note=note, require_invoices=require_invoices)
        verdicts = compare_closed(window)
    announce(verdicts, window)
    deliver()
    return closed


@flow(flow_run_name=run_name, log_prints=False)
def reopen_period(month: str, reason: str, by: str) -> Reopened:
    """Open a closed month again; what was signed stays, and closing it again makes the next version.

    Args:
        month: The month, as 2026-10.
        reason: Why; it is kept for good.
        by: Who decides this.
    """
    window = chosen_window(None)
    with writer_queue():
        reopened = reopen(month, reason, by)
        verdicts = compare_closed(window)
    announce(verdicts, window)
    deliver()
    return reopened
