"""Decide what is done again, refuse what must not be, and write the plan down before anything moves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from prefect import task

from expectations.declare.errors import Misconfigured
from expectations.declare.source import load as declared
from tasks import doors
from tasks.adapters.ops_periods import OpsPeriods
from tasks.adapters.ops_plans import OPEN, Chunk, Mode, OpsPlans, Plan
from tasks.adapters.ops_store import now
from tasks.backfill.estimate import Cost, Estimate, cost, estimates
from tasks.outcomes import recorded
from tasks.settings import settings
from tasks.window import DAY_TURNS_AT, Window


@dataclass(frozen=True)
class Wish:
    """What somebody asks for; `key` makes the same wish of the same run the same plan."""

    sources: tuple[str, ...]
    window: Window
    mode: Mode
    reason: str
    by: str
    chunk_days: int = 0
    to_restatements: bool = False
    key: str = ""


@dataclass(frozen=True)
class Planned:
    """A plan that was written down, with what it is expected to move, take and cost."""

    plan: Plan
    chunks: tuple[Chunk, ...]
    parts: tuple[Estimate, ...]
    cost: Cost
    reused: bool = False

    @property
    def window(self) -> Window:
        """The days of the plan."""
        return self.plan.window


@task(task_run_name="plan {wish.mode} {wish.window.label}")
@recorded
def plan(wish: Wish) -> Planned:
    """Write a plan, or return the one that this wish became before; `Misconfigured` with every reason against it."""
    plans, plan_id = OpsPlans(doors.ops_store()), _id(wish)
    if known := plans.find(plan_id):
        return Planned(known, tuple(plans.chunks(plan_id)), (), Cost(None, 0.0, 0.0), reused=True)
    refuse(wish)
    at = now()
    made = Plan(
        plan_id, wish.window, wish.mode, wish.sources, wish.reason, wish.by, wish.to_restatements, "planned", at, at
    )
    pieces = [Chunk(plan_id, n, w, "waiting") for n, w in enumerate(pieces_of(wish.window, wish.chunk_days), 1)]
    parts = estimates(wish.sources, wish.window, wish.mode, chunks=len(pieces))
    plans.add(made, pieces)
    return Planned(made, tuple(pieces), parts, cost(parts, len(pieces)))


def refuse(wish: Wish) -> None:
    """Raise `Misconfigured` with every reason against a wish; nothing where there is none."""
    if reasons := list(refusals(wish)):
        raise Misconfigured(
            f"the {wish.mode} of {wish.window.label} is refused: {'; '.join(reasons)}",
            where=", ".join(wish.sources),
            do="Choose other days or sources",
        )


def window_of_days(first: date, last: date) -> Window:
    """The whole UTC days from the first to the last; `Misconfigured` for reversed ones."""
    return Window.parse(f"{first}..{last}")


def refusals(wish: Wish) -> Iterator[str]:
    """Every reason why the wish cannot be granted, in words."""
    first, last, today = wish.window.days()[0], wish.window.days()[-1], reporting_day()
    oldest = today - timedelta(days=settings().backfill.days_back)
    if not wish.reason.strip():
        yield "a reason is missing; it stands in the record of the promotion"
    if not wish.sources:
        yield "no source is chosen"
    if last >= today:
        yield f"{last} is not over yet; the last day that can be done again is {today - timedelta(days=1)}"
    if first < oldest:
        yield f"{first} is more than {settings().backfill.days_back} days ago; the first day is {oldest}"
    if wish.mode == "extract":
        for source in wish.sources:
            yield from _source_refusals(source, first, last, today)
    yield from closed_refusals(wish.window, to_restatements=wish.to_restatements)
    yield from _clashes(wish)


def closed_refusals(window: Window, *, to_restatements: bool) -> Iterator[str]:
    """Why a window that reaches into closed months is refused."""
    months = OpsPeriods(doors.ops_store()).closed_in(window)
    if months and not to_restatements:
        yield (
            f"{', '.join(months)} is closed and keeps its signed figures; plan it with --to-restatements, which "
            "writes the differences down beside them"
        )


def pieces_of(window: Window, days: int = 0) -> list[Window]:
    """The window in consecutive pieces of so many whole days (0: as the settings say)."""
    step, every = days or settings().backfill.chunk_days, window.days()
    groups = [every[n : n + step] for n in range(0, len(every), step)]
    return [Window(start=Window.of_day(group[0]).start, end=Window.of_day(group[-1]).end) for group in groups]


def reporting_day() -> date:
    """The day that refreshes work on now."""
    return (datetime.now(UTC) - DAY_TURNS_AT).date()


def expired(made: Plan) -> bool:
    """Whether nobody has decided for too long."""
    return now() - made.changed_at > timedelta(days=settings().backfill.expires_days)


def _source_refusals(source: str, first: date, last: date, today: date) -> Iterator[str]:
    declaration = declared(source)
    reread = today - declaration.look_back
    if last >= reread:
        yield (
            f"{source} reads every day since {reread} again with each refresh (it restates "
            f"{declaration.look_back.days} days); end the window at {reread - timedelta(days=1)}"
        )
    if declaration.retention and first < today - declaration.retention:
        yield f"{source} keeps {declaration.retention.days} days; its first day is {today - declaration.retention}"


def _clashes(wish: Wish) -> Iterator[str]:
    for other in OpsPlans(doors.ops_store()).all(OPEN):
        shared = sorted(set(other.sources) & set(wish.sources))
        overlap = other.window.start < wish.window.end and wish.window.start < other.window.end
        if shared and overlap and not expired(other):
            yield (
                f"plan {other.id} ({other.state}, {other.window.label}) works on {', '.join(shared)}; "
                "promote or abandon it first"
            )


def _id(wish: Wish) -> str:
    told = "|".join(
        [wish.mode, wish.window.label, *sorted(wish.sources), wish.reason, str(wish.to_restatements), wish.key]
    )
    digest = hashlib.sha256(told.encode()).hexdigest()[:8]
    return f"{wish.mode}-{wish.window.days()[0]:%Y%m%d}-{wish.window.days()[-1]:%Y%m%d}-{digest}"


def the_plan(plan_id: str, *, states: Sequence[str] = ()) -> Plan:
    """The plan of this id, in one of these states; `Misconfigured` in words otherwise."""
    plans = OpsPlans(doors.ops_store())
    found = plans.find(plan_id)
    if found is None:
        known = ", ".join(p.id for p in plans.all(OPEN)) or "there is no open plan"
        raise Misconfigured(f"there is no backfill plan {plan_id!r}", do=f"Open plans: {known}")
    if states and found.state not in states:
        raise Misconfigured(
            f"the plan is {found.state}" + (f": {found.note}" if found.note else ""),
            where=plan_id,
            do=f"This needs a plan that is {' or '.join(states)}; make a new plan",
        )
    return found
