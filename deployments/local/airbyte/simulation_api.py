"""How tests and the demo steer the simulated sources: the clock, the switches, the start date."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Body
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from deployments.local.airbyte.problems import Problem
from deployments.local.airbyte.state import State
from deployments.local.airbyte.switches import SERVER_FAULTS, Switches, read_fault
from deployments.local.airbyte.syncs import START_DATE


class Clock(BaseModel):
    """The instant at which sources are read; null: the real one."""

    now: AwareDatetime | None


class Switch(BaseModel):
    """One fault that is on."""

    model_config = ConfigDict(extra="forbid")

    name: str
    source: str | None = None
    stream: str | None = None
    day: date | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)


class SimulationSettings(BaseModel):
    """What the first sync of a connection starts from."""

    start_date: date


def routes(state: State, switches: Switches, record_faults: frozenset[str]) -> APIRouter:
    """The routes under /_simulation."""
    router = APIRouter(prefix="/_simulation")

    @router.get("/ready")
    def ready() -> dict[str, bool]:
        return {"ready": True}

    @router.get("/clock")
    def get_clock() -> dict[str, Any]:
        return {"now": state.get("clock", None)}

    @router.put("/clock")
    def put_clock(clock: Clock) -> dict[str, Any]:
        state.put("clock", clock.now.isoformat() if clock.now else None)
        return get_clock()

    @router.get("/settings")
    def get_settings() -> dict[str, Any]:
        return {"start_date": state.get("start_date", START_DATE)}

    @router.put("/settings")
    def put_settings(settings: SimulationSettings) -> dict[str, Any]:
        state.put("start_date", settings.start_date.isoformat())
        return get_settings()

    @router.get("/jobs")
    def get_jobs() -> list[dict[str, Any]]:
        return [asdict(job) for job in state.jobs()]

    @router.get("/faults")
    def get_faults() -> list[dict[str, Any]]:
        uses = switches.uses()
        described = (Switch.model_validate(fault, from_attributes=True) for fault in switches.all())
        counted = zip(described, switches.all(), strict=True)
        return [{**switch.model_dump(mode="json"), "uses": uses.get(fault.key, 0)} for switch, fault in counted]

    @router.put("/faults")
    def put_faults(faults: Annotated[list[Switch], Body()]) -> list[dict[str, Any]]:
        valid = record_faults | SERVER_FAULTS.keys()
        unknown = sorted({fault.name for fault in faults} - valid)
        if unknown:
            raise Problem(422, "unknown-fault", f"No fault {', '.join(unknown)}; there are: {', '.join(sorted(valid))}")
        switches.put([read_fault(fault.model_dump(mode="json")) for fault in faults])
        return get_faults()

    return router
