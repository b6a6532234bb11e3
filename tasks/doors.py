"""The doors: the only place where settings become clients of the outside world.

Everything imported here is opened late, so that a step pays for the systems that it talks to and no others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.declare.errors import Misconfigured
from tasks.settings import required, settings

if TYPE_CHECKING:
    from tasks.adapters.airbyte import Airbyte
    from tasks.adapters.dbt_runner import Dbt
    from tasks.adapters.mail import Mail
    from tasks.adapters.object_store import ObjectStore
    from tasks.adapters.ops_store import OpsStore
    from tasks.adapters.ops_syncs import SyncJournal
    from tasks.adapters.slack import Slack
    from tasks.adapters.warehouse.base import Warehouse
    from tasks.adapters.warehouse.staging import Staged


def airbyte() -> Airbyte:
    """A client of the Airbyte public API."""
    from tasks.adapters.airbyte import Airbyte, AirbyteConfig

    s = settings().airbyte
    config = AirbyteConfig(
        url=required(s.url, "PLUMBLINE_AIRBYTE_URL"),
        client_id=required(s.client_id, "PLUMBLINE_AIRBYTE_CLIENT_ID"),
        client_secret=required(s.client_secret, "PLUMBLINE_AIRBYTE_CLIENT_SECRET"),
        workspace_id=s.workspace_id,
        connections=s.connections,
        request_seconds=s.request_seconds,
        poll_seconds=s.poll_seconds,
    )
    return Airbyte(config)


def object_store() -> ObjectStore:
    """The bucket of landing/ and lake/; one client per process, as making one takes longer than using it."""
    s = settings().s3
    bucket = required(s.bucket, "PLUMBLINE_S3_BUCKET")
    secret = s.secret_access_key.get_secret_value()
    return _object_store(s.endpoint, bucket, s.region, (s.access_key_id, secret), (s.encryption, s.kms_key))


@lru_cache(maxsize=4)
def _object_store(
    endpoint: str, bucket: str, region: str, key: tuple[str, str], encryption: tuple[str, str]
) -> ObjectStore:
    from tasks.adapters.object_store import ObjectStore

    return ObjectStore(
        endpoint=endpoint,
        bucket=bucket,
        region=region,
        access_key=key[0],
        secret_key=key[1],
        encryption=encryption[0],
        kms_key=encryption[1],
    )


@contextmanager
def warehouse() -> Iterator[Warehouse]:
    """The warehouse of this profile, open for one writer, and in the state of this version."""
    from tasks.adapters.warehouse.state import bring_up

    s = settings()
    where = s.snowflake.database if s.core.profile == "snowflake" else str(s.warehouse_file.absolute())
    with _warehouse() as opened:
        bring_up(opened, where=where)
        yield opened


def _warehouse() -> Warehouse:
    if settings().core.profile == "snowflake":
        from tasks.adapters.warehouse.on_snowflake import snowflake_warehouse

        return snowflake_warehouse(settings().snowflake)
    from tasks.adapters.warehouse.on_duckdb import duckdb_warehouse

    return duckdb_warehouse(settings().warehouse, settings().warehouse_file)


def staged(name: str) -> Staged:
    """The copy of the live warehouse that a plan of this name works on."""
    from tasks.adapters.warehouse.staging import StagedClone, StagedFile, clone_name

    s, folder = settings(), settings().home / "backfill" / name
    if s.core.profile == "snowflake":
        return StagedClone(s.snowflake.database, clone_name(name), folder, _warehouse)
    from tasks.adapters.warehouse.on_duckdb import duckdb_warehouse

    return StagedFile(s.warehouse_file.absolute(), folder, lambda file: duckdb_warehouse(s.warehouse, file))


def dbt() -> Dbt:
    """dbt on the warehouse of this profile."""
    from tasks.adapters.dbt_runner import Dbt, DbtConfig

    s = settings()
    environment = {
        "PLUMBLINE_WAREHOUSE_FILE": str(s.warehouse_file.absolute()),
        "PLUMBLINE_WAREHOUSE_MEMORY_LIMIT": s.warehouse.memory_limit,
        "PLUMBLINE_WAREHOUSE_THREADS": str(s.warehouse.threads),
        "PLUMBLINE_SNOWFLAKE_ACCOUNT": s.snowflake.account,
        "PLUMBLINE_SNOWFLAKE_USER": s.snowflake.user,
        "PLUMBLINE_SNOWFLAKE_PRIVATE_KEY_FILE": s.snowflake.private_key_file,
        "PLUMBLINE_SNOWFLAKE_ROLE": s.snowflake.role,
        "PLUMBLINE_SNOWFLAKE_WAREHOUSE": s.snowflake.warehouse,
        "PLUMBLINE_SNOWFLAKE_DATABASE": s.snowflake.database,
    }
    home, compiled_in = Path(s.warehouse.work or s.home), s.home / "dbt" / "compiled"
    return Dbt(DbtConfig(home=home, target=s.core.profile, environment=environment, compiled_in=compiled_in))


@contextmanager
def warehouse_lock() -> Iterator[None]:
    """Exclude other writers without opening the warehouse, for what opens it by itself (dbt).

    The file is opened once before: the dbt process of a killed run may outlive it and hold the file, not the lock.
    """
    if settings().core.profile == "snowflake":
        yield
        return
    from tasks.adapters.warehouse.lock import writer_lock

    with writer_lock(settings().warehouse_file.absolute(), seconds=settings().warehouse.lock_seconds):
        with _warehouse() as opened:
            opened.query("select 1")
        yield


@lru_cache(maxsize=4)
def _ops_store(url: str) -> OpsStore:
    from tasks.adapters.ops_store import OpsStore

    home = settings().home
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(
            f"the folder of all local state cannot be made ({type(error).__name__})",
            where=str(home),
            do="Set PLUMBLINE_HOME to a folder that this user may write",
        ) from error
    return OpsStore(url)


def ops_store() -> OpsStore:
    """The pipeline's memory of itself; one engine per process and address."""
    return _ops_store(settings().ops_url)


def sync_journal() -> SyncJournal:
    """What was asked of Airbyte and found there, in the ops store."""
    from tasks.adapters.ops_syncs import SyncJournal

    return SyncJournal(ops_store().engine)


def slack() -> Slack:
    """The workspace where incidents are announced."""
    from tasks.adapters.slack import Slack

    s = settings().slack
    return Slack(url=s.url, token=required(s.token, "PLUMBLINE_SLACK_TOKEN"))


def mail() -> Mail:
    """The mail server through which incidents are told as well."""
    from tasks.adapters.mail import Mail, MailServer

    s = settings().smtp
    return Mail(
        MailServer(
            host=required(s.host, "PLUMBLINE_SMTP_HOST"),
            port=s.port,
            security=s.security,
            user=s.user,
            password=s.password.get_secret_value(),
        ),
        sender=required(s.sender, "PLUMBLINE_SMTP_SENDER"),
        to=[one.strip() for one in required(s.to, "PLUMBLINE_SMTP_TO").split(",") if one.strip()],
    )
