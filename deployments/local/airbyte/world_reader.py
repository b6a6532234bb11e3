"""The simulated BrightCart as the server's source systems."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from deployments.local.airbyte.reader import Request
from deployments.local.saas import reader, simulation
from deployments.local.saas.blocks import Block
from deployments.local.saas.world import World


@dataclass(frozen=True)
class WorldReader:
    """Reads every system of one world."""

    world: World

    def read(self, request: Request) -> Iterator[Block]:
        """What the world shows of a stream."""
        faults = [
            simulation.Fault(fault.name, request.source, request.stream, str(fault.day or ""), fault.parameters)
            for fault in request.faults
        ]
        asked = reader.request(request.start, request.since, request.until)
        return reader.read_stream(self.world, request.source, stream=request.stream, request=asked, faults=faults)
