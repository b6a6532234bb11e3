"""Do days again with a look before it counts: plan, run on a staged copy, show the difference, ask, promote."""

from __future__ import annotations

from datetime import date
from enum import Enum
from typing import Literal

from prefect import flow
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from prefect.runtime import flow_run
from pydantic import BaseModel, Field

from expectations.declare.source import names
from flows.again import published_again
from flows.names import backfill_name
from flows.queues import backfill_queue
from flows.start import fresh_rendering
from tasks.adapters.ops_plans import Plan
from tasks.backfill.chunks import Difference, apply, compare, fetch, stage
from tasks.backfill.plan import Wish, plan, the_plan, window_of_days
from tasks.backfill.promote import Decided, abandon, promote
from tasks.backfill.tell import Progress, question, show

# The form of the Prefect UI offers the declared sources to choose from.
SourceName = Enum("SourceName", {name: name for name in names()})  # type: ignore[misc] # its members are files


class Days(BaseModel):
    """The days to do again."""

    first_day: date = Field(description="The first day (UTC); at most 180 days ago.")
    last_day: date = Field(description="The last day (UTC), included; a day that is over.")


class Asked(BaseModel):
    """Why it is done, and who wants it."""

    reason: str = Field(min_length=3, description="Why; it stands in the record and in release.json.")
    by: str = Field(min_length=2, description="Who asks for it.")


class Options(BaseModel):
    """What few backfills need."""

    chunk_days: int = Field(0, ge=0, description="Days of one chunk; 0: as PLUMBLINE_BACKFILL_CHUNK_DAYS says.")
    to_restatements: bool = Field(
        False, description="For closed months: write the differences down beside the signed figures, change none."
    )


class Decision(RunInput):
    """What becomes of the staged figures."""

    decision: Literal["promote", "abandon"] = Field(
        description="promote: readers get the figures shown above. abandon: the copy is dropped, nothing changes."
    )
    by: str = Field(min_length=2, description="Who decides; it stands in the record and in release.json.")
    note: str = Field("", description="Anything that a reader of the record should know.")


_USUAL = Options()


@flow(flow_run_name=backfill_name, log_prints=False)
def backfill(
    sources: list[SourceName],
    window: Days,
    *,
    asked: Asked,
    mode: Literal["replay", "extract"] = "replay",
    options: Options = _USUAL,
) -> Decided:
    """Plan and run a backfill on a staged copy, show what would change, and ask before anything counts.

    Args:
        sources: Sources to do again.
        window: The days to do again.
        asked: Why, and who wants it.
        mode: replay: from the lake, with the present declarations and models. extract: ask the sources again.
        options: What few backfills need.
    """
    # A run that was suspended begins again from this line: the same run has the same plan.
    made = _wish(tuple(source.value for source in sources), window, asked, mode=mode, options=options)
    fresh_rendering()
    planned = plan(made)
    found = carried_out(planned.plan)
    return decided(planned.plan, person_decides(found))


@flow(flow_run_name="run {plan_id}", log_prints=False)
def run_backfill(plan_id: str) -> Difference:
    """Carry a plan out up to its difference; a run that died goes on where it was."""
    fresh_rendering()
    return carried_out(the_plan(plan_id))


@flow(flow_run_name="promote {plan_id}", log_prints=False)
def promote_backfill(plan_id: str, by: str, note: str = "") -> Decided:
    """Make the approved figures of a staged plan count, and publish them."""
    return decided(the_plan(plan_id), Decision(decision="promote", by=by, note=note))


def carried_out(made: Plan) -> Difference:
    """Every chunk on the staged copy, then the difference; what is done is not done again."""
    with backfill_queue():
        left = stage(made.id)
        progress = Progress(made, len(left))
        for done, chunk in enumerate(left, 1):
            print(progress.reached(apply(made, fetch(made, chunk)), done))
        found = compare(made.id)
    show(found)
    return found


def person_decides(found: Difference) -> Decision:
    """The decision of a person. The process ends here; the resumed run begins again from its first line."""
    form = Decision.with_initial_data(description=question(found))
    return suspend_flow_run(wait_for_input=form, key="promotion")


def decided(made: Plan, decision: Decision) -> Decided:
    """Promote and publish, or abandon."""
    if decision.decision == "abandon":
        return abandon(made.id, by=decision.by, note=decision.note)
    with backfill_queue():
        done = promote(made.id, by=decision.by, note=decision.note)
    if done.plan.state == "promoted":
        published_again(made.window)
    return done


def _wish(
    sources: tuple[str, ...], window: Days, asked: Asked, *, mode: Literal["replay", "extract"], options: Options
) -> Wish:
    days = window_of_days(window.first_day, window.last_day)
    run = str(flow_run.id or "")
    return Wish(sources, days, mode, asked.reason, asked.by, options.chunk_days, options.to_restatements, run)
