"""Bring the Prefect server to what `prefect.yaml` and the declarations say: deployments, schedules, queues."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable

from expectations.declare.errors import Misconfigured
from expectations.declare.rendered import CHECKOUT
from expectations.declare.source import names
from tasks.settings import settings


def deploy(say: Callable[[str], None]) -> None:
    """Deploy all flows and create the queues, unless the server has exactly these already."""
    mark = settings().home / "prefect" / "deployed"
    wanted = hashlib.sha256((CHECKOUT / "prefect.yaml").read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == wanted:
        return
    _create_queues()
    _deploy_all()
    _pause_schedules()
    mark.write_text(wanted)
    say("Deployed the flows of prefect.yaml")


def _create_queues() -> None:
    from prefect.client.orchestration import get_client

    from flows.queues import BACKFILL, WRITER, platform

    with get_client(sync_client=True) as client:
        for limit in (WRITER, BACKFILL, *(platform(source) for source in names())):
            client.upsert_global_concurrency_limit_by_name(limit, 1)


def _pause_schedules() -> None:
    # On the local stack people start runs; a schedule would read the simulated sources at the real time.
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        for deployment in client.read_deployments():
            for schedule in deployment.schedules:
                client.update_deployment_schedule(deployment.id, schedule.id, active=False)


def _deploy_all() -> None:
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all"]
    done = subprocess.run(command, cwd=CHECKOUT, env=dict(os.environ), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Misconfigured(
            "`prefect deploy --all` failed",
            where="prefect.yaml",
            do=f"Its last lines were: {' / '.join((done.stdout + done.stderr).strip().splitlines()[-3:])}",
        )
