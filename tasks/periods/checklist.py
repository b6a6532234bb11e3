"""What must be true before a month is closed; the product looks itself, and nobody ticks a box.

Each item is a pure function of what was read. What cannot be read is not fine: a missing mart fails its item.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tasks.periods.readings import Readings

_SHOWN = 4


@dataclass(frozen=True)
class Item:
    """One line of the checklist; `do` says how to mend what is not ok."""

    name: str
    state: Literal["ok", "warned", "failed"]
    sentence: str
    do: str = ""


def checklist(found: Readings, *, require_invoices: bool = False) -> tuple[Item, ...]:
    """Every item, in the order in which people mend them."""
    return (
        _releases(found),
        _rates(found),
        _invoices(found, required=require_invoices),
        _incidents(found),
        _sessions(found),
        _backfills(found),
    )


def missing(items: Iterable[Item]) -> list[Item]:
    """The items that forbid to close."""
    return [item for item in items if item.state == "failed"]


def _releases(found: Readings) -> Item:
    lacking = sorted(set(found.window.days()) - found.final_days)
    if lacking:
        days = " ".join(map(str, lacking))
        return Item(
            "final_releases",
            "failed",
            f"{len(lacking)} of {len(found.window.days())} days have no final release: {_some(lacking)}.",
            f"for day in {days}; do plumbline close $day; done",
        )
    if found.held:
        return Item("final_releases", "failed", f"Readers keep an older release: {found.held}", "plumbline status")
    if found.caution:
        return Item(
            "final_releases", "failed", f"A signature is about one release. {found.caution}", "plumbline status"
        )
    return Item("final_releases", "ok", f"All {len(found.window.days())} days have a final release.")


def _rates(found: Readings) -> Item:
    if found.currencies is None:
        return _unread("rates", "spend, orders and refunds")
    lacking = [one for one in found.currencies if one.days]
    if lacking:
        told = "; ".join(f"{one.currency} on {_some(one.days)}" for one in lacking)
        do = "plumbline rates load FILE, then: plumbline build --window DAY"
        return Item("rates", "failed", f"There is no rate for {told}.", do)
    names, last = ", ".join(one.currency for one in found.currencies), found.window.days()[-1]
    if not names:
        return Item("rates", "warned", "The month has no amount in any currency.")
    return Item("rates", "ok", f"Every amount in {names} has a rate, those of {last} included.")


def _invoices(found: Readings, *, required: bool) -> Item:
    load = "plumbline invoices load FILE"
    if found.invoiced is None:
        state: Literal["failed", "warned"] = "failed" if required else "warned"
        return Item("invoices", state, "No invoices given: spend is that of the platforms' APIs.", load)
    lacking = [f"{source} {account}" for source, account in found.accounts if (source, account) not in found.invoiced]
    if lacking:
        return Item("invoices", "failed", f"No invoice for {_some(lacking)}.", load)
    return Item("invoices", "ok", f"Each of the {len(found.accounts)} ad accounts has an invoice.")


def _incidents(found: Readings) -> Item:
    grave = [incident for incident in found.incidents if incident.severity == "critical"]
    if grave:
        told = _some([incident.sentence.rstrip(".") for incident in grave])
        do = f"Runbook: {', '.join(sorted({incident.runbook for incident in grave}))}"
        return Item("incidents", "failed", f"{len(grave)} critical incidents are open: {told}.", do)
    mild = len(found.incidents)
    return Item("incidents", "ok", f"No critical incident of the month is open ({mild} warnings are).")


def _sessions(found: Readings) -> Item:
    if found.provisional is None:
        return _unread("ga4_final", "sessions")
    if found.provisional:
        do = "Wait until GA4 has exported four more days, then: plumbline refresh --source ga4_export --window DAY"
        return Item("ga4_final", "failed", f"Sessions are provisional on {_some(found.provisional)}.", do)
    return Item("ga4_final", "ok", "No session of the month is provisional.")


def _backfills(found: Readings) -> Item:
    if found.plans:
        told = _some([f"{plan.id} ({plan.state})" for plan in found.plans])
        do = "; ".join(f"plumbline backfill promote {p.id} or plumbline backfill abandon {p.id}" for p in found.plans)
        return Item("backfills", "failed", f"Nobody has decided about {told}.", do)
    return Item("backfills", "ok", "No backfill of the month waits for a decision.")


def _unread(name: str, what: str) -> Item:
    return Item(name, "failed", f"No release with {what} is published.", "plumbline build --window DAY")


def _some(things: Sequence[object]) -> str:
    rest = len(things) - _SHOWN
    return ", ".join(map(str, things[:_SHOWN])) + (f" and {rest} more" if rest > 0 else "")
