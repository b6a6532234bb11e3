"""One way to read every simulated system: what a stream answers at an instant, faults included."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from importlib import import_module

from deployments.local.saas.blocks import Block, Request, Stream
from deployments.local.saas.faults import CHANGES, apply
from deployments.local.saas.late import SEQUELS, Read
from deployments.local.saas.simulation import Fault
from deployments.local.saas.world import World
from expectations.declare.errors import Misconfigured

MODULES = {
    "google_ads": "deployments.local.saas.faces_google",
    "meta_ads": "deployments.local.saas.faces_meta",
    "hubspot": "deployments.local.saas.faces_hubspot",
    "shopify": "deployments.local.saas.faces_shopify",
    "ga4": "deployments.local.saas.ga4_reports",
    "ga4_export": "deployments.local.saas.ga4_export",
}

# What can be wrong with records, by name.
FAULTS = frozenset(CHANGES) | frozenset(SEQUELS)


def streams(source: str) -> dict[str, Stream]:
    """The streams a system offers."""
    if source not in MODULES:
        raise Misconfigured(f"no simulated system is called {source!r}", do=f"Use one of {', '.join(MODULES)}")
    found: dict[str, Stream] = import_module(MODULES[source]).STREAMS
    return found


def read_stream(
    world: World, source: str, *, stream: str, request: Request, faults: Sequence[Fault] = ()
) -> Iterator[Block]:
    """The records of a stream as of the request's instant, with the faults that are on."""
    offered = streams(source)
    if stream not in offered:
        raise Misconfigured(f"{source} has no stream {stream!r}", do=f"Use one of {', '.join(offered)}")
    mine = [fault for fault in faults if (fault.source, fault.stream) == (source, stream)]
    sequels = [fault for fault in mine if fault.name in SEQUELS]
    read: Read = partial(offered[stream], world)
    for fault in sequels:
        read = partial(_sequel, fault, read)
    return apply([fault for fault in mine if fault not in sequels], read(request))


def _sequel(fault: Fault, read: Read, request: Request) -> Iterator[Block]:
    return SEQUELS[fault.name](fault, request, read)


def request(start: date, since: datetime | None, until: datetime) -> Request:
    """A request for everything that changed in (since, until], or since the start date."""
    return Request(start=start, since=since, until=until)
