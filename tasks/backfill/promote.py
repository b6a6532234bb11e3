"""Make what was approved true for everybody, or not at all.

A promotion never works on the live warehouse: it repeats the plan on a copy made now, loads what arrived meanwhile,
compares the figures with those that were approved, and swaps the copy in under the writer lock. Until the swap a death
leaves nothing behind; after it only the record is missing, and the same promotion again writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from prefect import task

from expectations.declare.errors import Misconfigured, NotReconciled
from expectations.declare.source import names
from tasks import doors
from tasks.adapters.ops_periods import OpsPeriods
from tasks.adapters.ops_plans import OPEN, OpsPlans, Plan, Promotion, State
from tasks.adapters.ops_store import now
from tasks.adapters.warehouse.base import LEDGER, LEDGER_COLUMNS, Warehouse
from tasks.adapters.warehouse.lock import writer_lock
from tasks.backfill.chunks import applied, finish, looked_at, settle_base
from tasks.backfill.figures import Cell, difference, figures, fingerprint, forget, kept, within
from tasks.backfill.lake import batch_at
from tasks.backfill.plan import closed_refusals, expired, the_plan
from tasks.backfill.replay import catch_up, newest_load
from tasks.backfill.stage import ensure_copy, on_copy
from tasks.build.transform import build
from tasks.ingest.load import load
from tasks.ingest.manifest import NAME
from tasks.outcomes import recorded
from tasks.settings import settings
from tasks.window import Window

_NEXT = "-next"
_ROOM, _ROOM_FOR_LOADS = "(room)", 1_000_000


@dataclass(frozen=True)
class Decided:
    """What became of a plan."""

    plan: Plan
    changes: int
    reused: bool = False

    @property
    def window(self) -> Window:
        """The days of the plan."""
        return self.plan.window


@task(task_run_name="promote {plan_id}")
@recorded
def promote(plan_id: str, *, by: str, note: str = "") -> Decided:
    """Apply a staged plan and swap it in, or write its differences down as restatements where it was planned so.

    Raises `NotReconciled` where the figures it starts from, or those it ends with, are not the approved ones: the plan
    is stale and expires, nothing live was touched.
    """
    plans, made = OpsPlans(doors.ops_store()), the_plan(plan_id, states=("staged", "promoted", "restated"))
    changes = plans.changes(plan_id)
    if made.state != "staged":
        return Decided(made, len(changes), reused=True)
    _refuse_late(made)
    if made.to_restatements:
        OpsPeriods(doors.ops_store()).restate(made.id, changes, reason=made.reason, by=by)
        return Decided(_ended(made, "restated", f"{len(changes)} restatements by {by}. {note}"), len(changes))
    with one_at_a_time():
        _apply_and_swap(made)
    plans.record(Promotion(made.id, made.window, made.mode, made.sources, made.reason, by, note, len(changes), now()))
    return Decided(_ended(made, "promoted", f"promoted by {by}. {note}"), len(changes))


@task(task_run_name="record replay {window.label}")
@recorded
def record_replay(sources: Sequence[str], window: Window, *, reason: str, by: str) -> Promotion:
    """Keep the dated record of a replay that was done on the live warehouse."""
    at = now()
    name = f"replay-{window.days()[0]:%Y%m%d}-{window.days()[-1]:%Y%m%d}-{at:%Y%m%dT%H%M%S}"
    made = Promotion(name, window, "replay", tuple(sources), reason, by, "", 0, at)
    OpsPlans(doors.ops_store()).record(made)
    return made


@task(task_run_name="abandon {plan_id}")
@recorded
def abandon(plan_id: str, *, by: str, note: str = "") -> Decided:
    """Drop the staged copy of a plan; what was sealed into the lake stays there and is loaded by nobody."""
    made = the_plan(plan_id, states=(*OPEN, "abandoned", "expired"))
    if made.state not in OPEN:
        return Decided(made, 0, reused=True)
    return Decided(_ended(made, "abandoned", f"abandoned by {by}. {note}"), 0)


def expire_old() -> list[Plan]:
    """End the plans about which nobody decided in time, and drop their copies."""
    open_plans = OpsPlans(doors.ops_store()).all(OPEN)
    limit = f"nobody decided for {settings().backfill.expires_days:g} days"
    return [_ended(made, "expired", limit) for made in open_plans if expired(made)]


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """One replay or promotion at a time: a promotion swaps in a copy, which must not undo what another one did."""
    file = settings().home / "backfill" / "promotion"
    with writer_lock(file.absolute(), seconds=settings().warehouse.lock_seconds, name="a replay or promotion"):
        yield


def _refuse_late(made: Plan) -> None:
    if expired(made):
        _ended(made, "expired", f"nobody decided for {settings().backfill.expires_days:g} days")
        raise Misconfigured("the plan has expired", where=made.id, do="Make a new plan: plumbline backfill plan")
    reasons = list(closed_refusals(made.window, to_restatements=made.to_restatements))
    if reasons:
        raise Misconfigured(f"the plan cannot be promoted: {'; '.join(reasons)}", where=made.id)


def _apply_and_swap(made: Plan) -> None:
    copy = doors.staged(made.id + _NEXT)
    copy.drop()
    newest_load()  # a warehouse that never loaded anything has no ledger yet
    ensure_copy(made.id + _NEXT)
    with on_copy(made.id + _NEXT):
        with doors.warehouse() as warehouse:
            forget(warehouse)
            _leave_room(warehouse)
        before = settle_base(made)
        if not _is_base(made, before):
            return
        for chunk in OpsPlans(doors.ops_store()).chunks(made.id):
            applied(made, chunk)
        finish(made)
    with doors.warehouse_lock():
        _load_what_came(made)
        with on_copy(made.id + _NEXT):
            _refuse_other_figures(made, before)
        copy.swap()


def _is_base(made: Plan, found: Mapping[Cell, Decimal]) -> bool:
    """Whether the plan starts from the figures of now; False where they are its own result: a swap without a record."""
    changes = OpsPlans(doors.ops_store()).changes(made.id)
    here = fingerprint(within(found, looked_at(made.window, changes)))
    if here == made.before_hash:
        return True
    if here == made.after_hash:
        return False
    moved = _moved_days(made, found)
    note = f"the figures of {moved} changed after the plan was made"
    _ended(made, "expired", note)
    raise NotReconciled(
        f"the plan is stale: {note}",
        where=made.id,
        do="Nothing was changed. Make a new plan and look at its difference",
    )


def _moved_days(made: Plan, found: Mapping[Cell, Decimal]) -> str:
    """Which of the plan's days have other figures now, as far as its copy still tells."""
    if not doors.staged(made.id).exists():
        return "its days"
    with on_copy(made.id), doors.warehouse() as warehouse:
        base = kept(warehouse) or {}
    chosen = set(looked_at(made.window, OpsPlans(doors.ops_store()).changes(made.id)))
    days = sorted({change.day for change in difference(base, found)} & chosen)
    return ", ".join(days[:3]) + (f" and {len(days) - 3} more days" if len(days) > 3 else "")


def _load_what_came(made: Plan) -> None:
    """Load into the copy what the live warehouse got since it was copied; the caller holds the live lock."""
    live = _folders()
    with on_copy(made.id + _NEXT):
        missing = sorted(live - _folders())
        for folder in missing:
            batch = batch_at(folder + NAME)
            if batch:
                load.fn(batch)
        if missing:
            catch_up(names())
            build.fn(made.window)


def _leave_room(warehouse: Warehouse) -> None:
    """Let the copy count its loads on from far above those that the live warehouse may do meanwhile.

    What is remembered of loads outside of the warehouse goes by their numbers: they only rise, also over a swap.
    """
    highest = int(warehouse.query(f"select coalesce(max(load_seq), 0) from {LEDGER}")[0][0])  # noqa: S608 - a constant
    room = {"table_name": _ROOM, "object_key": _ROOM, "etag": _ROOM, "load_seq": highest + _ROOM_FOR_LOADS}
    marks = ", ".join("?" * len(LEDGER_COLUMNS))
    warehouse.execute(f"insert into {LEDGER} values ({marks})", [room.get(name) for name in LEDGER_COLUMNS])  # noqa: S608


def _folders() -> set[str]:
    """The lake folders that the warehouse has loaded."""
    with doors.warehouse() as warehouse:
        keys = warehouse.query(f"select distinct object_key from {LEDGER} where table_name <> ?", [_ROOM])  # noqa: S608
    return {str(key).rpartition("/")[0] + "/" for (key,) in keys}


def _refuse_other_figures(made: Plan, before: Mapping[Cell, Decimal]) -> None:
    """Compare the copy with what was approved, on every day that the approval was about."""
    changes = OpsPlans(doors.ops_store()).changes(made.id)
    days = looked_at(made.window, changes)
    with doors.warehouse() as warehouse:
        after = figures(warehouse)
        forget(warehouse)
        warehouse.execute(f"delete from {LEDGER} where table_name = ?", [_ROOM])  # noqa: S608 - a constant
    if fingerprint(within(after, days)) != made.after_hash:
        found = difference(within(before, days), within(after, days))
        raise NotReconciled(
            f"the promotion would change {len(found)} figures, {len(changes)} other ones were approved",
            where=made.id,
            do="Nothing was changed. Try again; if that repeats, make a new plan",
        )


def _ended(made: Plan, state: State, note: str) -> Plan:
    for name in (made.id, made.id + _NEXT):
        doors.staged(name).drop()
    plans = OpsPlans(doors.ops_store())
    return plans.move(made, state, note=note.strip())
