"""Say what a plan would do, how far it is, and what would change: on a screen, as a file, in the Prefect UI."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact, create_progress_artifact, update_progress_artifact
from prefect.context import FlowRunContext, TaskRunContext

from tasks.adapters.ops_plans import Change, Chunk, Plan, plain
from tasks.backfill.chunks import Difference
from tasks.backfill.plan import Planned
from tasks.settings import settings

_SHOWN = 400  # lines of a page; the file has all
_ASKED = 40  # lines of a form


@dataclass(frozen=True)
class Total:
    """The changes of one metric and channel over all days."""

    mart: str
    metric: str
    channel: str
    days: int
    before: Decimal
    after: Decimal


def totals(changes: Sequence[Change]) -> list[Total]:
    """Changes summed over their days, the marts in order of the alphabet."""
    groups: dict[tuple[str, str, str], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.mart, change.metric, change.channel].append(change)
    zero = Decimal(0)
    return [
        Total(*place, len(found), sum((c.before for c in found), zero), sum((c.after for c in found), zero))
        for place, found in sorted(groups.items())
    ]


def outside(plan: Plan, changes: Sequence[Change]) -> list[str]:
    """Days that change although they are not in the plan's window."""
    days = {str(day) for day in plan.window.days()}
    return sorted({change.day for change in changes} - days)


def write_csv(difference: Difference) -> Path:
    """Every change as one line: mart, metric, channel, day, before, after, difference."""
    path = settings().home / "backfill" / f"{difference.plan.id}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["mart", "metric", "channel", "day", "before", "after", "difference"])
        for c in difference.changes:
            row = (c.mart, c.metric, c.channel, c.day, plain(c.before), plain(c.after), plain(c.after - c.before))
            writer.writerow(row)
    return path


@task(task_run_name="show {difference.plan.id}")
def show(difference: Difference) -> None:
    """Leave the difference as a page in the Prefect UI, and as a file."""
    write_csv(difference)
    if TaskRunContext.get() or FlowRunContext.get():
        create_markdown_artifact(key=f"backfill-{_key(difference.plan)}", markdown=markdown(difference))


def markdown(difference: Difference) -> str:
    """The difference as people read it before they decide."""
    plan, changes = difference.plan, difference.changes
    head = [
        f"# {plan.mode.capitalize()} of {plan.window.label}",
        f"Sources: {', '.join(plan.sources)}. Reason: {_one_line(plan.reason)} ({_one_line(plan.by)}).",
    ]
    if not changes:
        return "\n\n".join([*head, "**No figure would change.**"])
    if beyond := outside(plan, changes):
        head.append(f"**{len(beyond)} days outside the window change too**, the first is {beyond[0]}.")
    head.append(f"{len(changes)} figures would change. Sums over their days:")
    lines = ["| mart | metric | channel | days | before | after | difference |", "| - | - | - | -: | -: | -: | -: |"]
    lines += [
        f"| {t.mart} | {t.metric} | {_one_line(t.channel)} | {t.days} | {plain(t.before)} | {plain(t.after)} "
        f"| {plain(t.after - t.before)} |"
        for t in totals(changes)
    ]
    daily = ["| day | mart | metric | channel | before | after |", "| - | - | - | - | -: | -: |"]
    ordered = sorted(changes, key=lambda c: (c.day, c.mart, c.metric, c.channel))
    daily += [
        f"| {c.day} | {c.mart} | {c.metric} | {_one_line(c.channel)} | {plain(c.before)} | {plain(c.after)} |"
        for c in ordered[:_SHOWN]
    ]
    rest = len(ordered) - _SHOWN
    tail = [f"{rest} more lines stand in the CSV file of the plan."] if rest > 0 else []
    return "\n\n".join([*head, "\n".join(lines), "## Day by day", "\n".join(daily), *tail])


def question(difference: Difference) -> str:
    """The difference in a form: narrow, so that before and after are seen; days stand in the page of the run."""
    plan, found = difference.plan, totals(difference.changes)
    head = [f"**{plan.mode.capitalize()} of {plan.window.label}** for {', '.join(plan.sources)}"]
    if not found:
        return "\n\n".join([*head, "No figure would change."])
    if beyond := outside(plan, difference.changes):
        head.append(f"**{len(beyond)} days outside the window change too**, the first is {beyond[0]}.")
    lines = ["| figure | before | after |", "| - | -: | -: |"]
    lines += [
        f"| {t.mart}: {t.metric}, {_one_line(t.channel)} | {plain(t.before)} | {plain(t.after)} |"
        for t in found[:_ASKED]
    ]
    rest = f", of which {_ASKED} are shown" if len(found) > _ASKED else ""
    where = (
        f"Sums over the days that change ({len(found)}{rest}). Day by day: artifact backfill-{_key(plan)} of this run."
    )
    return "\n\n".join([*head, "\n".join(lines), where])


def planned_lines(planned: Planned) -> list[str]:
    """The plan in words, a line for each source, then minutes and credits."""
    plan, cost = planned.plan, planned.cost
    pieces = len(planned.chunks)
    lines = [f"plan {plan.id}: {plan.mode} of {plan.window.label} in {pieces} chunk{'s' if pieces > 1 else ''}"]
    for part in planned.parts:
        seconds = "no history" if part.seconds is None else f"{part.seconds / 60:.1f} min"
        moved = f"{part.objects:>6} objects {part.rows:>12,} rows {part.bytes / 1e6:>10.1f} MB"
        lines.append(f"  {part.source:<14} {moved}  {seconds}")
    minutes = "unknown, nothing like it ran yet" if cost.minutes is None else f"{cost.minutes:.1f}"
    lines.append(f"  expected minutes here: {minutes}")
    lines.append(f"  expected on Snowflake: {cost.credits:.3f} credits ({cost.dollars:.2f} USD)")
    return lines


class Progress:
    """How far a plan is, as lines for a terminal and as a bar in the Prefect UI."""

    def __init__(self, plan: Plan, total: int) -> None:
        self.plan, self.total = plan, max(total, 1)
        self.bar = None
        if FlowRunContext.get():
            self.bar = create_progress_artifact(
                progress=0.0, key=f"progress-{_key(plan)}", description=f"{plan.mode} of {plan.window.label}"
            )

    def reached(self, chunk: Chunk, done: int) -> str:
        """Move the bar, and return the line to print."""
        share = 100.0 * done / self.total
        if self.bar:
            update_progress_artifact(artifact_id=self.bar, progress=share)  # type: ignore[arg-type]
        did = f"{chunk.rows:,} rows in {chunk.millis / 1000:.1f} s"
        return f"  {done}/{self.total} {chunk.window.label}: {did} ({share:.0f} %)"


def _key(plan: Plan) -> str:
    return plan.id.replace("_", "-").lower()


def _one_line(text: str) -> str:
    return " ".join(text.replace("|", "/").split())
