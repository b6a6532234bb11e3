"""`plumbline watch`: the look from outside Prefect, for cron; it says nothing where nothing is wrong."""

from __future__ import annotations

import os
import time
from typing import Annotated

import typer

from deployments.terminal import say

app = typer.Typer()


@app.command()
def watch(
    every: Annotated[float, typer.Option(min=0, help="Look again after so many seconds, for ever.")] = 0,
    recover_only: Annotated[bool, typer.Option(help="Only end and restart runs whose process is gone.")] = False,
) -> None:
    """Restart dead runs; tell about a silent server or worker, missed runs, a full disk, a long lock, late sources."""
    while True:
        wrong = _look(recover_only=recover_only)
        if not every:
            raise typer.Exit(1 if wrong else 0)
        time.sleep(every)


def _look(*, recover_only: bool) -> bool:
    from deployments.local import stack
    from deployments.local.prefect_server import POOL
    from tasks.adapters.prefect_api import PrefectApi
    from tasks.settings import settings
    from tasks.watch import look as outside

    settings.cache_clear()
    url = os.environ.get("PREFECT_API_URL") or stack.environment().get("PREFECT_API_URL", "")
    api = PrefectApi(url or "http://127.0.0.1:4200/api")
    seen = outside.Look((), outside.recover_only(api)) if recover_only else outside.look(api, POOL)
    for what, names in (("ended", seen.recovered.ended), ("started again", seen.recovered.started_again)):
        for name in names:
            say(f"{what}: {name}")
    for verdict in seen.wrong:
        say(f"{verdict.check}: {verdict.sentence}")
    return bool(seen.wrong)
