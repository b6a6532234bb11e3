"""The parts of the local stack, as they follow from a home, a base port and the settings of `stack.json`."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from deployments.local import prefect_server, s3
from deployments.local.airbyte.catalog import WORKSPACE
from deployments.local.processes import LOOPBACK, Part, answers, is_free
from deployments.local.site_server import READY
from expectations.declare.errors import Misconfigured
from tasks.adapters.object_store import ObjectStore

NAMES = ("prefect", "s3", "airbyte", "slack", "site", "worker")
AIRBYTE, SLACK, SITE = 30, 40, 50
# Every port must stay below the kernel's own ports (32,768): one gRPC port lies 10,000 above its part.
LOWEST, HIGHEST = 1024, 32_767 - s3.ADMIN_GRPC_DISTANCE - SITE


def addresses(base: int) -> dict[str, str]:
    """The settings that tell every process where the parts are."""
    if not LOWEST <= base <= HIGHEST:
        raise Misconfigured(
            f"{base} is no base port", where="PLUMBLINE_PORT_BASE", do=f"Choose one from {LOWEST} to {HIGHEST}."
        )
    return {
        "PLUMBLINE_PORT_BASE": str(base),
        "PLUMBLINE_S3_ENDPOINT": s3.address(base),
        "PLUMBLINE_S3_BUCKET": "plumbline",
        "PLUMBLINE_S3_REGION": "us-east-1",
        "PLUMBLINE_AIRBYTE_URL": f"{simulation(base)}/api/public/v1",
        "PLUMBLINE_AIRBYTE_WORKSPACE_ID": WORKSPACE,
        "PLUMBLINE_AIRBYTE_POLL_SECONDS": "0.25",  # a small local sync ends within a second
        "PLUMBLINE_SLACK_URL": f"{_at(base + SLACK)}/api/",
        "PLUMBLINE_SITE_URL": _at(base + SITE),
    }


def ports(base: int) -> tuple[int, ...]:
    """Every port that the parts of a stack take."""
    return (base, *s3.ports(base).values(), base + AIRBYTE, base + SLACK, base + SITE)


def free_base(bases: Iterable[int]) -> int:
    """The first of these base ports whose stack finds all of its ports free; `Misconfigured` where there is none."""
    for base in bases:
        if all(is_free(port) for port in ports(base)):
            return base
    raise Misconfigured("no range of ports that was tried is free", do="End another stack")


def simulation(base: int) -> str:
    """Where the Airbyte-compatible server and the clock of the simulated sources listen."""
    return _at(base + AIRBYTE)


def slack(base: int) -> str:
    """Where the Slack-compatible endpoint shows its channel."""
    return _at(base + SLACK)


def plan(home: Path, settings: dict[str, str]) -> tuple[Part, ...]:
    """Every part, in the order of their start: the slowest first, what waits for another one last."""
    base = int(settings["PLUMBLINE_PORT_BASE"])
    return (
        prefect_server.server(home, base),
        s3.part(home / "s3", base, store(settings)),
        _airbyte(home, base, settings),
        _slack(home, base, settings),
        _site(home, base),
        prefect_server.worker(home, base),
    )


def store(settings: dict[str, str]) -> ObjectStore:
    """A client of the local S3 that tries once: for questions, not for work."""
    return ObjectStore(
        endpoint=settings["PLUMBLINE_S3_ENDPOINT"],
        bucket=settings["PLUMBLINE_S3_BUCKET"],
        region=settings["PLUMBLINE_S3_REGION"],
        access_key=settings["PLUMBLINE_S3_ACCESS_KEY_ID"],
        secret_key=settings["PLUMBLINE_S3_SECRET_ACCESS_KEY"],
        attempts=1,
        connect_seconds=2,
    )


def fingerprint(part: Part) -> str:
    """A mark that changes when a part would be started differently; it tells nothing about the secrets in it."""
    how = json.dumps([part.command, sorted(part.environment.items())])
    return hashlib.sha256(how.encode()).hexdigest()[:16]


def _airbyte(home: Path, base: int, settings: dict[str, str]) -> Part:
    names = (
        *("PLUMBLINE_S3_ENDPOINT", "PLUMBLINE_S3_BUCKET", "PLUMBLINE_S3_REGION"),
        *("PLUMBLINE_S3_ACCESS_KEY_ID", "PLUMBLINE_S3_SECRET_ACCESS_KEY"),
        *("PLUMBLINE_AIRBYTE_CLIENT_ID", "PLUMBLINE_AIRBYTE_CLIENT_SECRET"),
        *("PLUMBLINE_SCALE", "PLUMBLINE_SEED"),
    )
    return Part(
        name="airbyte",
        address=simulation(base),
        command=_served("airbyte", base + AIRBYTE, home),
        ports=(base + AIRBYTE,),
        ready=lambda _started: answers(f"{simulation(base)}/_simulation/ready"),
        environment={name: settings[name] for name in names},
        seconds=120,
    )


def _slack(home: Path, base: int, settings: dict[str, str]) -> Part:
    return Part(
        name="slack",
        address=_at(base + SLACK),
        command=_served("slack", base + SLACK, home),
        ports=(base + SLACK,),
        ready=lambda _started: answers(f"{_at(base + SLACK)}/messages"),
        environment={"PLUMBLINE_SLACK_TOKEN": settings["PLUMBLINE_SLACK_TOKEN"]},
    )


def _site(home: Path, base: int) -> Part:
    return Part(
        name="site",
        address=_at(base + SITE),
        command=_served("site_server", base + SITE, home),
        ports=(base + SITE,),
        ready=lambda _started: answers(f"{_at(base + SITE)}{READY}"),
    )


def _served(module: str, port: int, home: Path) -> tuple[str, ...]:
    return (sys.executable, "-m", f"deployments.local.{module}", "--port", str(port), "--home", str(home))


def _at(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
