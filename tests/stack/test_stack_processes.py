"""The local stack: real processes on loopback, two stacks side by side, and what happens when something dies."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import httpx
import psutil
import pytest

from deployments.local import parts, processes, stack, stack_file
from deployments.local.processes import Part, Running
from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters.object_store import ObjectStore
from tasks.adapters.slack import Slack
from tasks.settings import settings

SMALL = ("s3", "slack", "site")


@contextmanager
def _at_home(home: Path, base: int | None) -> Iterator[None]:
    """This process works for the stack of one home; without a base, as a later command would."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("PLUMBLINE_", "PREFECT_"))]:
            patch.delenv(name)
        patch.setenv("PLUMBLINE_HOME", str(home))
        if base:
            patch.setenv("PLUMBLINE_PORT_BASE", str(base))
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="module")
def homes(tmp_path_factory: pytest.TempPathFactory, free_base: Callable[[], int]) -> Iterator[tuple[Path, Path]]:
    """Two small stacks, both up."""
    found = tmp_path_factory.mktemp("one") / "home", tmp_path_factory.mktemp("two") / "home"
    try:
        for home in found:
            with _at_home(home, free_base()):
                stack.up(lambda _line: None, only=SMALL)
        yield found
    finally:
        for home in found:
            with _at_home(home, None):
                stack.down()


@pytest.fixture
def home(homes: tuple[Path, Path]) -> Iterator[Path]:
    with _at_home(homes[0], None):
        yield homes[0]


def _store(home: Path) -> ObjectStore:
    return parts.store(stack_file.read(home).settings)


def _slack() -> Slack:
    return Slack(settings().slack.url, settings().slack.token.get_secret_value())


def _pids(home: Path) -> dict[str, int]:
    return {name: part.pid for name, part in stack_file.read(home).parts.items()}


def test_two_stacks_run_side_by_side(homes: tuple[Path, Path]) -> None:
    for text, home in zip(("one", "two"), homes, strict=True):
        with _at_home(home, None):
            _store(home).put("which", text.encode())
            _slack().post(settings().slack.channel, text)
    for text, home in zip(("one", "two"), homes, strict=True):
        with _at_home(home, None):
            assert _store(home).get("which") == text.encode()
            said = httpx.get(settings().slack.url.replace("/api/", "/messages")).json()["messages"]
            assert [message["text"] for message in said] == [text]
    assert not set(_pids(homes[0]).values()) & set(_pids(homes[1]).values())


def test_everything_listens_on_loopback_and_on_planned_ports(home: Path) -> None:
    content = stack_file.read(home)
    planned = {part.name: set(part.ports) for part in parts.plan(home, content.settings)}

    for name, pid in _pids(home).items():
        listening = [c.laddr for c in psutil.Process(pid).net_connections("inet") if c.status == psutil.CONN_LISTEN]
        assert {address.ip for address in listening} == {"127.0.0.1"}
        assert {address.port for address in listening} == planned[name]


def test_the_file_of_secrets_is_for_its_owner(home: Path) -> None:
    assert stat.S_IMODE((home / "stack.json").stat().st_mode) == 0o600
    written = json.loads((home / "stack.json").read_text())
    assert set(written) == {"parts", "settings", "prefect_api_url", "version"}
    assert len(bytes.fromhex(written["settings"]["PLUMBLINE_TOKEN_KEY"])) == 32
    assert stack_file.read(home).settings["PLUMBLINE_SLACK_TOKEN"] not in repr(stack_file.read(home))


def test_secrets_are_in_no_command_line_and_no_log(home: Path) -> None:
    values = stack_file.read(home).settings
    hidden = {values[name] for name in stack_file.SECRETS}
    texts = [" ".join(psutil.Process(pid).cmdline()) for pid in _pids(home).values()]
    texts += [log.read_text(errors="replace") for log in (home / "logs" / "stack").iterdir()]

    assert not [secret for secret in hidden for text in texts if secret in text]


def test_a_second_up_keeps_what_runs(home: Path) -> None:
    before, said = stack_file.read(home), list[str]()
    stack.up(said.append, only=SMALL)

    assert stack_file.read(home) == before
    assert sorted(line.split(",")[0] for line in said) == ["s3: kept", "site: kept", "slack: kept"]


def test_up_restarts_what_died_and_nothing_else(home: Path) -> None:
    before = _pids(home)
    _slack().post("#restart", "said before")
    os.kill(before["slack"], signal.SIGKILL)
    psutil.Process(before["slack"]).wait(10)
    assert {part.name: part.state for part in stack.status()}["slack"] == "stopped"

    stack.up(lambda _line: None, only=SMALL)
    after = _pids(home)
    assert {name for name in SMALL if before[name] != after[name]} == {"slack"}
    assert "said before" in httpx.get(stack.places()["Slack channel"]).text


def test_a_part_with_another_setting_is_started_anew(home: Path) -> None:
    content = stack_file.read(home)
    other = {**content.settings, "PLUMBLINE_SLACK_TOKEN": "xoxb-local-another"}
    stack_file.write(home, dataclasses.replace(content, settings=other))

    stack.up(lambda _line: None, only=SMALL)
    assert _pids(home)["slack"] != content.parts["slack"].pid
    assert _pids(home)["s3"] == content.parts["s3"].pid


def test_a_stack_keeps_its_base_without_the_variable(home: Path) -> None:
    assert settings().core.port_base == int(stack_file.read(home).settings["PLUMBLINE_PORT_BASE"])
    assert stack.simulation_url() == f"http://127.0.0.1:{settings().core.port_base + 30}"


def test_status_shows_every_part(home: Path) -> None:
    states = {part.name: part.state for part in stack.status()}

    assert tuple(states) == parts.NAMES
    assert {states[name] for name in SMALL} == {"running"}
    assert {states[name] for name in ("prefect", "airbyte", "worker")} == {"stopped"}


def test_the_site_is_served_under_a_strict_policy(home: Path) -> None:
    site = settings().core.site_url
    assert httpx.get(f"{site}/").status_code == 404

    (home / "site" / "index.html").write_text("<p>é</p>", encoding="utf-8")
    (home / "site" / "picture.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    page, picture = httpx.get(f"{site}/"), httpx.get(f"{site}/picture.svg")
    assert (page.text, page.headers["content-type"]) == ("<p>é</p>", "text/html; charset=utf-8")
    assert picture.headers["content-type"] == "image/svg+xml"
    for answer in (page, picture, httpx.get(f"{site}/nothing")):
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:")
    assert httpx.get(f"{site}/..%2f..%2fstack.json").status_code == 404


def test_down_ends_what_up_started_and_keeps_the_data(tmp_path: Path, free_base: Callable[[], int]) -> None:
    base = free_base()
    with _at_home(tmp_path, base):
        try:
            stack.up(lambda _line: None, only=("slack", "site"))
            _slack().post("#a", "kept")
            pids, values = _pids(tmp_path), stack_file.read(tmp_path).settings
        finally:
            stack.down()
        assert not [pid for pid in pids.values() if psutil.pid_exists(pid)]
        assert {part.state for part in stack.status()} == {"stopped"}
        assert stack_file.read(tmp_path).settings == values
        assert all(processes.is_free(port) for port in parts.ports(base))
        stack.down()
        assert "kept" in (tmp_path / "slack" / "messages.json").read_text()


def test_a_process_with_a_reused_pid_is_left_alone(tmp_path: Path) -> None:
    part = _sleeper()
    running = processes.start(part, tmp_path / "log")
    try:
        processes.stop(dataclasses.replace(running, started=running.started - 60))
        assert processes.is_alive(running)
    finally:
        processes.stop(running)
    assert not processes.is_alive(running)


def test_a_process_deaf_to_term_is_killed_with_its_children(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "TERM_SECONDS", 0.3)
    code = (
        "import signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
        "print('deaf')"
    )
    running = _begun(tmp_path, code, ready=_says(tmp_path / "log", "deaf"))
    family = [running.pid, *(one.pid for one in psutil.Process(running.pid).children())]
    processes.stop(running)

    assert len(family) == 2
    assert not [pid for pid in family if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]


def test_a_part_that_ends_while_it_starts_shows_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"sleeper ended while it started .*\n.*(?s:.*)no such thing"):
        _begun(tmp_path, "import sys; sys.exit('no such thing')", ready=lambda _started: False)


def test_a_part_that_never_answers_is_given_up_at_its_deadline(tmp_path: Path) -> None:
    part = dataclasses.replace(_sleeper("print('still busy')"), seconds=0.3)
    running = processes.start(part, tmp_path / "log")
    try:
        with pytest.raises(Unavailable, match=r"sleeper did not answer within 0 s \(nowhere\)"):
            processes.wait_until_ready(part, running, log=tmp_path / "log", cancelled=Event())
    finally:
        processes.stop(running)


def test_a_taken_port_names_the_setting(tmp_path: Path, free_base: Callable[[], int]) -> None:
    base = free_base()
    with (
        socket.create_server(("127.0.0.1", base + 40)),
        _at_home(tmp_path, base),
        pytest.raises(Misconfigured, match=rf"port {base + 40} is taken .*slack needs it.*PLUMBLINE_PORT_BASE"),
    ):
        stack.up(lambda _line: None, only=("slack",))


def test_the_ports_of_a_base_are_those_of_its_parts(tmp_path: Path) -> None:
    values = stack_file.StackFile().with_secrets() | parts.addresses(11_000)
    planned = parts.plan(tmp_path, values | {"PLUMBLINE_SCALE": "1", "PLUMBLINE_SEED": "1"})
    assert sorted(parts.ports(11_000)) == sorted(port for part in planned for port in part.ports)


@pytest.mark.parametrize("base", [80, 22_768, 60_000])
def test_a_base_without_room_is_refused(tmp_path: Path, base: int) -> None:
    with _at_home(tmp_path, base), pytest.raises(Misconfigured, match=f"{base} is no base port .PLUMBLINE_PORT_BASE"):
        stack.up(lambda _line: None)


def test_without_a_stack_there_is_nothing_to_end_or_to_find(tmp_path: Path) -> None:
    with _at_home(tmp_path, None):
        stack.down()
        assert {part.state for part in stack.status()} == {"stopped"}
        assert "PREFECT_API_URL" not in stack.environment()
        with pytest.raises(Misconfigured, match="plumbline up"):
            stack.simulation_url()


def test_an_unreadable_stack_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"settings": {}}')
    with _at_home(tmp_path, None), pytest.raises(Misconfigured, match=r"cannot be read .*stack\.json"):
        stack.status()


def _sleeper(code: str = "pass", ready: Callable[[float], bool] = lambda _started: False) -> Part:
    command = (sys.executable, "-c", f"{code}\nimport time\ntime.sleep(60)")
    return Part("sleeper", "nowhere", command, (), ready, seconds=20)


def _begun(folder: Path, code: str, *, ready: Callable[[float], bool]) -> Running:
    part = _sleeper(code, ready)
    running = processes.start(part, folder / "log")
    processes.wait_until_ready(part, running, log=folder / "log", cancelled=Event())
    return running


def _says(log: Path, word: str) -> Callable[[float], bool]:
    return lambda _started: word in log.read_text()
