"""Every setting of the product, typed and described; the page of settings is rendered from here.

Where a value comes from stands in `tasks.setting_sources`. `PLUMBLINE_PROFILE` is read here and acted on only by the
doors.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from expectations.declare.errors import Misconfigured
from tasks.setting_sources import StackFileSource, home, secrets_dir

HOUR = r"^([01]\d|2[0-3]):[0-5]\d$"
HOURS = r"^$|^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$"


class _Group(BaseSettings):
    """Settings of one outside system: environment, then mounted secrets, then the stack file, then the defaults."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        secrets = SecretsSettingsSource(settings_cls, secrets_dir=secrets_dir())
        return init_settings, env_settings, secrets, StackFileSource(settings_cls)


G = TypeVar("G", bound=_Group)


class AirbyteSettings(_Group):
    """The Airbyte public API of a self-managed server."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_AIRBYTE_")

    url: str = Field("", description="Base address of the public API, ending in /api/public/v1")
    client_id: str = Field("", description="Application id (Airbyte: Settings > Applications)")
    client_secret: SecretStr = Field(SecretStr(""), description="Application secret")
    workspace_id: str = Field("", description="Workspace that holds the connections")
    connections: str = Field(
        "", description="Pairs source=connection id, comma separated; empty: found by connection name"
    )
    request_seconds: float = Field(90.0, description="Time-out of one request; POST /jobs may take over a minute")
    poll_seconds: float = Field(5.0, description="First pause between two looks at a running job; rises fourfold")


class ObjectStoreSettings(_Group):
    """The S3 bucket with the landing area and the lake."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_S3_")

    endpoint: str = Field("", description="Address of an S3-compatible server; empty for AWS")
    bucket: str = Field("plumbline", description="Bucket of landing/ and lake/")
    region: str = Field("us-east-1", description="Region of the bucket")
    access_key_id: str = Field("", description="Access key; empty: the AWS default chain")
    secret_access_key: SecretStr = Field(SecretStr(""), description="Secret key; empty: the AWS default chain")
    encryption: Literal["off", "AES256", "aws:kms"] = Field("off", description="Server-side encryption of objects")
    kms_key: str = Field("", description="Key id for aws:kms")


class SealSettings(_Group):
    """How much of the machine a seal may use; its peak is this and some lines of the objects under way."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_SEAL_")

    memory_limit: str = Field("1000MB", description="Memory for all objects that are sealed at once; then it spills")
    at_once: int = Field(2, ge=1, le=64, description="Landing objects that are sealed at the same time, and threads")


class WarehouseSettings(_Group):
    """The embedded warehouse file, and how much of the machine it may use."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_WAREHOUSE_")

    file: str = Field("", description="DuckDB file; empty: <home>/warehouse.duckdb")
    memory_limit: str = Field("1500MB", description="DuckDB memory limit")
    threads: int = Field(2, description="DuckDB threads")
    work: str = Field("", description="Folder of dbt's own files for this warehouse; empty: <home>")
    lock_seconds: float = Field(600.0, description="How long a writer waits for the file before it names the holder")


class SnowflakeSettings(_Group):
    """The Snowflake account that people grow into (profile `snowflake`)."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_SNOWFLAKE_")

    account: str = Field("", description="Account identifier, <organisation>-<account>")
    user: str = Field("", description="Service user of the pipeline")
    private_key_file: str = Field("", description="Path of the key-pair private key (PEM)")
    role: str = Field("PLUMBLINE_PIPELINE", description="Role of the pipeline")
    warehouse: str = Field("PLUMBLINE_LOAD", description="Virtual warehouse for loads and builds")
    database: str = Field("PLUMBLINE", description="Database with the schemas raw, staging, marts, published")
    stage: str = Field("RAW.LAKE", description="External stage over the lake prefix of the bucket")


class SlackSettings(_Group):
    """Where incidents are announced."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_SLACK_")

    url: str = Field("https://slack.com/api/", description="Base address of the Slack Web API")
    token: SecretStr = Field(SecretStr(""), description="Bot token; empty: incidents wait in the outbox")
    channel: str = Field("#data-incidents", description="Channel of the incidents")


class SmtpSettings(_Group):
    """The mail server through which incidents are told as well; off without a host."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_SMTP_")

    host: str = Field("", description="Mail server; empty: no mail")
    port: int = Field(587, gt=0, lt=65536, description="Its port")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="How the connection is protected")
    user: str = Field("", description="User of the server; empty: no login")
    password: SecretStr = Field(SecretStr(""), description="Password of the user")
    sender: str = Field("", description="Address that mails come from")
    to: str = Field("", description="Addresses that mails go to, comma separated")


class AlertSettings(_Group):
    """When people are told about incidents, in Slack and by mail."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_ALERT_")

    quiet_hours: str = Field(
        "", pattern=HOURS, description="UTC hours (22:00-06:00) in which only critical incidents are told; empty: none"
    )
    list_above: int = Field(5, ge=1, description="More new threads than this at once become one with a list")
    escalate_after_hours: float = Field(
        4.0, gt=0, description="Hours after which a critical incident that nobody acknowledged goes to a second owner"
    )
    escalate_to: str = Field(
        "", description="Second owner: Slack member (U...), user group (S...) or a name; empty: nobody"
    )


class PrivacySettings(_Group):
    """The key behind the join tokens of personal identifiers."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_TOKEN_")

    key: SecretStr = Field(SecretStr(""), description="HMAC key of personal join tokens, hex, at least 32 bytes")
    key_version: int = Field(1, description="Version written in front of each token")


class BackfillSettings(_Group):
    """Backfills and replays: how far back, in which steps, and what they are expected to cost."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_BACKFILL_")

    days_back: int = Field(180, gt=0, description="How many days before today a replay or backfill may begin")
    chunk_days: int = Field(7, gt=0, description="Days of one chunk: what a killed run repeats at most")
    at_once: int = Field(2, gt=0, description="Sources of a chunk that are extracted and sealed side by side")
    expires_days: float = Field(3.0, gt=0, description="Days after which a plan that nobody promoted expires")
    parquet_gb_per_hour: float = Field(
        57.0, gt=0, description="Sealed GB that one Snowflake warehouse loads, types and builds in an hour (assumed)"
    )
    credits_per_hour: float = Field(4.0, gt=0, description="Credits an hour of that warehouse (M: 4)")
    credits_per_gb: float = Field(0.0037, ge=0, description="Credits per sealed GB that is loaded")
    usd_per_credit: float = Field(3.0, ge=0, description="Price of a Snowflake credit (Enterprise: 3.00)")


class KeepSettings(_Group):
    """How long things are kept that nobody needs any more; `plumbline prune` removes them."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_KEEP_")

    landing_days: int = Field(30, ge=1, description="Landing objects, once they are sealed and settled")
    lake_days: int = Field(180, ge=30, description="Sealed syncs of which no row counts any more")
    releases: int = Field(5, ge=2, description="Releases in published/, the current one included")
    pages_days: int = Field(400, ge=1, description="Results of checks and their pages")
    clean_pages_days: int = Field(60, ge=1, description="Pages of suites on which nobody had to look")
    part_pages_days: int = Field(7, ge=1, description="Pages of a refresh within a day, once judged again")
    logs_days: int = Field(60, ge=1, description="Logs, and the evidence of dbt runs")
    runs_days: int = Field(30, ge=1, description="Flow runs in the Prefect server of the local stack")


class Core(_Group):
    """Where the product runs and what it promises."""

    model_config = SettingsConfigDict(env_prefix="PLUMBLINE_")

    profile: Literal["embedded", "snowflake"] = Field("embedded", description="Which doors open")
    port_base: int = Field(21000, description="First port of the local stack; all others are derived from it")
    scale: float = Field(0.0002, description="Size of the simulated BrightCart; 1.0 is 50 M events a day")
    seed: int = Field(20261121, description="Seed of the simulated BrightCart")
    ops_url: str = Field("", description="SQLAlchemy address of the ops store; empty: SQLite in <home>/ops.sqlite")
    site_url: str = Field("", description="Address under which the site (index, Data Docs, runbooks) is served")
    site_prefix: str = Field("", description="Prefix of the S3 bucket to which the site is sent; empty: it stays here")
    close_by: str = Field(
        "06:45", pattern=HOUR, description="UTC time at which a close stops waiting (HH:MM); deadline 07:00"
    )
    day_complete_at: str = Field(
        "05:30", pattern=HOUR, description="UTC time of the next day after which a sync may close a day"
    )


class Settings(BaseModel):
    """All groups, read once per process."""

    core: Core
    airbyte: AirbyteSettings
    s3: ObjectStoreSettings
    seal: SealSettings
    warehouse: WarehouseSettings
    snowflake: SnowflakeSettings
    slack: SlackSettings
    smtp: SmtpSettings
    alert: AlertSettings
    privacy: PrivacySettings
    backfill: BackfillSettings
    keep: KeepSettings

    @property
    def home(self) -> Path:
        """The folder of all local state."""
        return home()

    @property
    def warehouse_file(self) -> Path:
        """The DuckDB file of the embedded profile."""
        return Path(self.warehouse.file or self.home / "warehouse.duckdb")

    @property
    def ops_url(self) -> str:
        """Address of the ops store."""
        return self.core.ops_url or f"sqlite:///{self.home / 'ops.sqlite'}"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; `settings.cache_clear()` reads them anew.

    Raises `Misconfigured` with the name of every setting of a group that is wrong, and never with its value.
    """
    return Settings(
        core=_read(Core),
        airbyte=_read(AirbyteSettings),
        s3=_read(ObjectStoreSettings),
        seal=_read(SealSettings),
        warehouse=_read(WarehouseSettings),
        snowflake=_read(SnowflakeSettings),
        slack=_read(SlackSettings),
        smtp=_read(SmtpSettings),
        alert=_read(AlertSettings),
        privacy=_read(PrivacySettings),
        keep=_read(KeepSettings),
        backfill=_read(BackfillSettings),
    )


def _read(group: type[G]) -> G:
    try:
        return group()
    except ValidationError as error:
        prefix = str(group.model_config.get("env_prefix", ""))
        wrong = {f"{prefix}{item['loc'][0]}".upper(): item for item in error.errors(include_input=False)}
    raise Misconfigured(
        "; ".join(f"the setting {name} is wrong: {_in_words(item)}" for name, item in wrong.items()),
        do="Correct it in the environment, or unset it for the default",
    )


def _in_words(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "string_pattern_mismatch":
        pair = fault["ctx"]["pattern"] == HOURS
        return "write hours such as 22:00-06:00" if pair else "write an hour of the day such as 06:45"
    said = str(fault["msg"])
    return said[0].lower() + said[1:]


def required(value: str | SecretStr, name: str) -> str:
    """The plain value of a setting that must be there, or `Misconfigured` with its name."""
    plain = value.get_secret_value() if isinstance(value, SecretStr) else value
    if not plain:
        raise Misconfigured(f"the setting {name} is empty", do="Set it, or start the local stack: plumbline up")
    return plain
