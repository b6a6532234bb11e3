"""Runs dbt: models as Prefect task runs, data tests all in one. The only importer of dbt.

Measured facts behind the shape: a task run for each of 200 tests costs more than the tests, so they run without
Prefect, in this process (5 s; 9 s in one of their own, which imports and reads all anew); dbt-duckdb keeps the
warehouse file open after an invocation, so its connections are closed here; the runner may return without success
and without saying why, so run_results.json is read and kept as the truth. Only one invocation at a time per process
is safe.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

from expectations.declare.errors import Misconfigured
from tasks.adapters.dbt_leavings import temporary_folder
from tasks.adapters.dbt_results import DbtOutcome, read_results

PROJECT = Path(__file__).parents[2] / "dbt"
_ONE_AT_A_TIME = threading.Lock()
_QUIET = {
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "DBT_USE_COLORS": "false",
    # An adapter's start-up look at the project's git remote and version pages is of no use here.
    "DBT_VERSION_CHECK": "false",
}


@dataclass(frozen=True)
class DbtConfig:
    """Where dbt works, for which target of profiles.yml, and the environment that the profile reads.

    `compiled_in` is the folder of compiled SQL, where several copies of a warehouse share it.
    """

    home: Path
    target: str = "embedded"
    project: Path = PROJECT
    environment: Mapping[str, str] = field(default_factory=dict)
    compiled_in: Path | None = None

    @property
    def work(self) -> Path:
        """Everything dbt writes."""
        return self.home / "dbt"


class Dbt:
    """One dbt project on one warehouse."""

    def __init__(self, config: DbtConfig) -> None:
        self.config = config

    def run_models(
        self, select: Sequence[str] = (), *, exclude: Sequence[str] = (), full_refresh: bool = False
    ) -> DbtOutcome:
        """Build the selected models (all with the seeds, if none is named); inside a flow each is a task run.

        Raises `Misconfigured` for a project that does not compile; a failed model is in the outcome.
        """
        words = ["run", "--select", *select] if select else ["build", "--resource-type", "seed", "model"]
        words += ["--exclude", *exclude] if exclude else []
        words += ["--full-refresh"] if full_refresh else []
        target_path = self._target_path("models")
        with _ONE_AT_A_TIME, self._environment():
            try:
                _invoke(words, self.config, target_path)
            finally:
                close_connections()
        return self._kept(target_path, expect_nodes=bool(select))

    def prepare(self) -> None:
        """Import dbt and read the project now, so that the first build of this process need not."""
        with _ONE_AT_A_TIME, self._environment():
            _parsed(self.config, self._target_path("models"))

    def run_tests(self, select: Sequence[str] = ()) -> DbtOutcome:
        """Run the data tests, all of them or those of these models; `Misconfigured` where dbt cannot."""
        # What a rule does with made-up rows is asked when the rule changes, not with each release.
        words = ["test", "--exclude-resource-type", "unit_test", *(["--select", *select] if select else [])]
        target_path = self._target_path("tests")
        with _ONE_AT_A_TIME, self._environment():
            try:
                _invoke_bare(words, self.config, target_path)
            finally:
                close_connections()
        return self._kept(target_path, expect_nodes=bool(select))

    def parse(self) -> None:
        """Read the whole project for the target in its own process; `Misconfigured` with dbt's words."""
        done = self._process(["parse"], self._target_path(f"parse-{self.config.target}"))
        if done.returncode != 0:
            raise Misconfigured("the dbt project is broken", where=str(self.config.project), do=_last_words(done))

    def _process(self, words: Sequence[str], target_path: Path) -> subprocess.CompletedProcess[str]:
        config = self.config
        command = [sys.executable, "-m", "dbt.cli.main", "--quiet", *words, *_places(config, target_path)]
        environment = os.environ | _QUIET | dict(config.environment)
        return subprocess.run(
            [*command, "--profiles-dir", str(config.project)],
            cwd=config.home, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip

    def _target_path(self, name: str) -> Path:
        """dbt's folder for one kind of invocation, without the results of the last one."""
        path = (self.config.work / "target" / name).absolute()
        path.mkdir(parents=True, exist_ok=True)
        (path / "run_results.json").unlink(missing_ok=True)
        return path

    def _kept(self, target_path: Path, *, expect_nodes: bool) -> DbtOutcome:
        """Copy run_results.json to a folder of its own and read it."""
        written = target_path / "run_results.json"
        results = read_results(written) if written.exists() else ()
        if expect_nodes and not results:
            raise Misconfigured("dbt found nothing to run", where=str(self.config.project), do="Check the selection")
        kept = self.config.work / f"{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}-{uuid.uuid4().hex[:8]}"
        kept.mkdir(parents=True)
        if written.exists():
            shutil.copyfile(written, kept / "run_results.json")
        return DbtOutcome(not any(node.failed for node in results), results, kept / "run_results.json")

    @contextmanager
    def _environment(self) -> Iterator[None]:
        """The environment of the profile, for the time of an invocation in this process."""
        wanted = _QUIET | dict(self.config.environment)
        before = dict(os.environ)
        os.environ.update(wanted)
        usual, tempfile.tempdir = tempfile.tempdir, temporary_folder(self.config.work)
        try:
            yield
        finally:
            tempfile.tempdir = usual
            for name in wanted:
                os.environ.pop(name)
            os.environ.update({name: before[name] for name in wanted if name in before})


def close_connections() -> None:
    """Close what dbt holds open: the warehouse file, so that another process can open it, and the file of its log."""
    _close_log()
    duckdb = sys.modules.get("dbt.adapters.duckdb.connections")
    if duckdb:
        from dbt.adapters.factory import cleanup_connections

        cleanup_connections()
        duckdb.DuckDBConnectionManager.close_all_connections()


def _close_log() -> None:
    """Before dbt opens it for another invocation, which would leave it open."""
    for handler in logging.getLogger("file_log").handlers:
        handler.close()


def _invoke(words: list[str], config: DbtConfig, target_path: Path) -> None:
    from dbt_common.events.base_types import EventLevel
    from prefect_dbt import PrefectDbtRunner, PrefectDbtSettings

    manifest = _parsed(config, target_path)
    # A level has to be given: prefect-dbt cannot read Prefect's own word WARNING.
    settings = PrefectDbtSettings(
        project_dir=config.project, profiles_dir=config.project, target_path=target_path, log_level=EventLevel.WARN
    )
    runner = PrefectDbtRunner(manifest=manifest, settings=settings, raise_on_failure=False, disable_assets=True)
    try:
        with _nothing_twice(manifest):
            runner.invoke([*words, *_places(config, target_path)])
    except ValueError as error:
        raise _broken(str(config.project), error) from None


def _invoke_bare(words: list[str], config: DbtConfig, target_path: Path) -> None:
    from dbt.cli.main import dbtRunner

    manifest = _parsed(config, target_path.with_name("models"))
    quiet = ["--log-level", "none", *words, *_places(config, target_path), "--profiles-dir", str(config.project)]
    with _read_already(manifest):
        done = dbtRunner(manifest).invoke(quiet)
    if done.exception:
        raise _broken(str(config.project), done.exception)


def _parsed(config: DbtConfig, target_path: Path) -> Any:  # noqa: ANN401 - dbt is untyped
    # The file of the warehouse gives the models their database, so the environment is part of what is parsed.
    state = (_fingerprint(config.project), *sorted(config.environment.items()))
    return _manifest((*_places(config, target_path), "--profiles-dir", str(config.project)), state)


@contextmanager
def _nothing_twice(manifest: Any) -> Iterator[None]:  # noqa: ANN401 - dbt is untyped
    """Hand prefect-dbt what it would make anew each time, for which it has no parameter.

    Measured for 65 models with nothing new: 16.4 CPU seconds without, 6.4 with. The parsed project (1-2 s an
    invocation), Prefect's settings (60 ms a model) and the TLS context of its clients (65 ms a model).
    """
    engine: Any = import_module("prefect_dbt.core.runner")
    client: Any = import_module("prefect.client.orchestration")
    before = engine.dbtRunner, engine.serialize_context, client.ssl
    engine.dbtRunner, engine.serialize_context = partial(engine.dbtRunner, manifest), _light_context
    client.ssl = _SharedTls()
    try:
        with _read_already(manifest):
            yield
    finally:
        engine.dbtRunner, engine.serialize_context, client.ssl = before


@contextmanager
def _read_already(manifest: Any) -> Iterator[None]:  # noqa: ANN401 - dbt is untyped
    """The project is written to manifest.json when it is read, and not once more by each run (0.7 s)."""
    manifest.write = _written_already
    try:
        yield
    finally:
        del manifest.write


def _written_already(_path: str) -> None:
    """Nothing to do."""


class _SharedTls:
    """What Prefect's client needs of `ssl`, with one context per certificate file."""

    SSLContext, CERT_NONE = ssl.SSLContext, ssl.CERT_NONE
    create_default_context = staticmethod(lru_cache(maxsize=4)(ssl.create_default_context))


def _light_context() -> dict[str, Any]:
    """Prefect's context with its settings as they are; written out, each model's task reads them anew."""
    # Reached through the runner, which is Prefect's: this module imports nothing of Prefect's own.
    prefect: Any = import_module("prefect.context")
    context: dict[str, Any] = prefect.serialize_context()
    current = prefect.SettingsContext.get()
    if current:
        context["settings_context"] = {"profile": current.profile, "settings": current.settings}
    return context


@lru_cache(maxsize=2)
def _manifest(places: tuple[str, ...], state: tuple[object, ...]) -> Any:  # noqa: ANN401 - dbt is untyped
    """The parsed project, read once per process and state of its files."""
    from dbt.cli.main import dbtRunner

    parsed = dbtRunner().invoke(["--log-level", "none", "parse", *places])
    _close_log()
    if not parsed.success:
        raise _broken(places[1], parsed.exception)
    return parsed.result


def _fingerprint(project: Path) -> str:
    """Changes when a file of the project does."""
    rooms = ("models", "macros", "seeds", "tests")
    files = [path for room in rooms for path in (project / room).rglob("*") if path.is_file()]
    files += list(project.glob("*.yml"))
    return f"{len(files)} files, newest {max((path.stat().st_mtime_ns for path in files), default=0)}"


def _broken(project: str, error: BaseException | None) -> Misconfigured:
    said = re.sub(r"\s+", " ", str((error and error.__cause__) or error)).strip()
    return Misconfigured("dbt could not run the project", where=project, do=said[:600])


def _places(config: DbtConfig, target_path: Path) -> list[str]:
    return [
        "--project-dir", str(config.project), "--target", config.target,
        "--target-path", str(target_path), "--log-path", str(config.work / "logs"),
    ]  # fmt: skip


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    said = re.sub(r"\s+", " ", f"{done.stdout} {done.stderr}").strip()
    return said[-600:] or f"dbt ended with status {done.returncode}"
