"""What an alert points to: what the checks saw, the check's history with its picture, the runbook, what it holds."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from expectations.judge.verdict import WITHOUT_SUITE
from tasks.adapters.ops_store import Incident
from tasks.publish.reach import built_marts, reach
from tasks.settings import settings

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Links:
    """Where a reader of an alert goes next; `history` is empty where the check has no suite.

    `held` are the marts that it keeps as they were, of so many `marts`.
    """

    page: str
    runbook: str
    history: str = ""
    held: tuple[str, ...] = ()
    marts: int = 0


def links_of(incident: Incident) -> Links:
    """The addresses for one incident, and what it holds by the lineage of the last build."""
    marts = built_marts() if incident.severity == "critical" and incident.state == "open" else ()
    held = tuple(sorted(reach(marts).of(incident))) if marts else ()
    runbook = f"{site()}/runbooks/{incident.runbook}.html"
    return Links(page_of(incident), runbook, history_of(incident), held, len(marts))


def page_of(incident: Incident) -> str:
    """The Data Docs page that shows the finding; checks without a suite are on the index."""
    suite = _suite(incident)
    if not suite or incident.state == "recovered":
        return f"{site()}/data-docs/index.html#{incident.window_label}"
    return f"{site()}/data-docs/{incident.window_label}/{suite}.html"


def history_of(incident: Incident) -> str:
    """The page with the last weeks of the check and its picture; empty where it has no suite."""
    suite = _suite(incident)
    return f"{site()}/data-docs/history/{suite}.html" if suite else ""


def site() -> str:
    """Where the site is served, without a slash at its end."""
    return settings().core.site_url.rstrip("/")


def slack_place(incident: Incident) -> str:
    """Where its thread is: a link on the local stack, else the channel and the message's time stamp."""
    if not incident.slack_ts:
        return ""
    url = settings().slack.url
    if urlsplit(url).hostname in _LOOPBACK:
        return f"{url.rstrip('/').removesuffix('/api')}/#m{incident.slack_ts}"
    return f"{incident.slack_channel}, message {incident.slack_ts}"


def _suite(incident: Incident) -> str:
    if not incident.model or incident.check in WITHOUT_SUITE:
        return ""
    return incident.model if incident.source == incident.model else f"{incident.source}.{incident.model}"
