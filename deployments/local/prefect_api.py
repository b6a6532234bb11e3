"""Prefect's own server with one thing changed: on SQLite a transaction waits for its turn instead of failing.

Prefect opens most transactions as readers. Where such a transaction goes on to write while a task run was being
recorded, SQLite cannot let it wait: the API answers 503, and the client comes back two seconds later. Each slot of a
queue cost that (measured: of 60 slots taken one after the other 36 took 1.7 to 2.4 s, the others 0.02). Postgres has
no such limit and no need of this module.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from prefect.cli import app
from prefect.server.database.configurations import AioSqliteConfiguration
from prefect.server.database.dependencies import MODELS_DEPENDENCIES
from prefect.settings import get_current_settings
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.asyncio.session import AsyncSessionTransaction


class PatientSqlite(AioSqliteConfiguration):
    """Takes SQLite's write lock at the beginning of a transaction: who comes second waits for the busy timeout."""

    @asynccontextmanager
    async def begin_transaction(
        self,
        session: AsyncSession,
        with_for_update: bool = False,
    ) -> AsyncGenerator[AsyncSessionTransaction, None]:
        """As Prefect's own, always with the lock that it takes for updates."""
        async with super().begin_transaction(session, with_for_update=True) as transaction:
            yield transaction


def main() -> None:
    """What `prefect` does on the command line, in this process, on this database configuration."""
    connection_url = get_current_settings().server.database.connection_url
    if connection_url is None:
        raise RuntimeError("the server of the local stack was started without the address of its database")
    MODELS_DEPENDENCIES["database_config"] = PatientSqlite(connection_url=connection_url.get_secret_value())
    app()


if __name__ == "__main__":
    main()
