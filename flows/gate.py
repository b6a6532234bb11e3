"""People at the gate, from the UI or the command line: hold releases, let findings pass, pause a source."""

from __future__ import annotations

from datetime import date

from prefect import flow

from flows.names import run_name
from tasks.adapters.ops_control import Hold, Pause
from tasks.operate.hold import Choice, LetPass, hold_releases, let_pass
from tasks.operate.pause import pause_source, unpause_source
from tasks.publish.document import refresh_index
from tasks.window import Window


@flow(flow_run_name=run_name, log_prints=False)
def hold(reason: str, by: str, window: Window | None = None, about: str = "") -> tuple[Hold, ...]:
    """Let readers keep the last good release, or some marts of it, whatever passes, until somebody releases it.

    Args:
        reason: Why; it stands on the first page of the site.
        by: Who decides this; the name stands beside the reason.
        window: What it is about. Every release from its beginning on is held. Empty: from now on.
        about: A source or a mart, for instance hubspot: only what is made of it is held. Empty: everything.
    """
    holds = hold_releases(window, reason=reason, by=by, about=about)
    refresh_index()
    return holds


@flow(flow_run_name=run_name, log_prints=False)
def release(
    reason: str,
    by: str,
    *,
    window: Window | None = None,
    check: str = "",
    source: str = "",
    scope: str = "",
    mart: str = "",
) -> LetPass:
    """End holds by hand, and let named findings pass; the next build or close publishes and names them.

    Args:
        reason: Why; it stands in release.json and on the first page of the site.
        by: Who decides this; the name stands beside the reason.
        window: Let everything pass that holds this window. Empty: only what the other parameters name.
        check: Let only findings of this check pass, for instance reconciliation.
        source: Let only findings of this source pass.
        scope: Let only the finding with this scope pass, as the refusal of this flow spells it.
        mart: Let everything pass that holds this mart, for instance fct_leads; other marts that it held follow.
    """
    passed = let_pass(Choice(window, check, source, scope, mart), reason=reason, by=by)
    refresh_index()
    return passed


@flow(flow_run_name=run_name, log_prints=False)
def pause(source: str, until: date, reason: str, by: str) -> Pause:
    """Skip the scheduled refreshes of one source until a day; closes do not wait for it and mark it as stale.

    Args:
        source: The name of a declaration in expectations/sources.
        until: The pause ends by itself at 00:00 UTC of this day.
        reason: Why; it stands in every release of that time.
        by: Who decides this.
    """
    return pause_source(source, until, reason=reason, by=by)


@flow(flow_run_name=run_name, log_prints=False)
def unpause(source: str) -> bool:
    """End the pause of a source before its day.

    Args:
        source: The name of a declaration in expectations/sources.
    """
    return unpause_source(source)
