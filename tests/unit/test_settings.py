"""Settings: environment first, then the stack's file, then defaults; a wrong one is named, its value never shown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from expectations.declare.errors import Misconfigured
from tasks import doors
from tasks.settings import required, settings

pytestmark = pytest.mark.usefixtures("home")


def _stack_file(home: Path, **values: str) -> None:
    (home / "stack.json").write_text(json.dumps({"settings": values}))


def test_the_environment_wins_over_the_stack_file_and_that_over_the_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _stack_file(home, PLUMBLINE_S3_BUCKET="of-the-stack", PLUMBLINE_S3_REGION="eu-west-1")
    monkeypatch.setenv("PLUMBLINE_S3_BUCKET", "of-the-environment")
    s3 = settings().s3
    assert (s3.bucket, s3.region, s3.encryption) == ("of-the-environment", "eu-west-1", "off")


def test_the_files_of_a_home_are_found_below_it(home: Path) -> None:
    assert settings().warehouse_file == home / "warehouse.duckdb"
    assert settings().ops_url == f"sqlite:///{home / 'ops.sqlite'}"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PLUMBLINE_SCALE", "abc", "valid number"),
        ("PLUMBLINE_PORT_BASE", "many", "valid integer"),
        ("PLUMBLINE_PROFILE", "oracle", "'embedded' or 'snowflake'"),
        ("PLUMBLINE_CLOSE_BY", "late", "an hour of the day such as 06:45"),
        ("PLUMBLINE_DAY_COMPLETE_AT", "25:00", "an hour of the day such as 06:45"),
        ("PLUMBLINE_AIRBYTE_POLL_SECONDS", "soon", "valid number"),
        ("PLUMBLINE_TOKEN_KEY_VERSION", "one", "valid integer"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match=f"the setting {name} is wrong: .*{said}") as caught:
        settings()
    assert value not in str(caught.value)
    assert caught.value.__cause__ is None


def test_all_wrong_settings_of_a_group_are_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SCALE", "abc")
    monkeypatch.setenv("PLUMBLINE_CLOSE_BY", "late")
    with pytest.raises(Misconfigured, match=r"PLUMBLINE_SCALE.*PLUMBLINE_CLOSE_BY"):
        settings()


@pytest.mark.parametrize("text", ["{broken", "{}", "[]"])
def test_an_unreadable_stack_file_is_named(home: Path, text: str) -> None:
    (home / "stack.json").write_text(text)
    with pytest.raises(Misconfigured, match=r"cannot be read \(.*/stack.json\)"):
        settings()


def test_a_missing_setting_is_named_with_what_to_do() -> None:
    with pytest.raises(Misconfigured, match=r"PLUMBLINE_SLACK_TOKEN is empty. Set it, or .* plumbline up"):
        required(settings().slack.token, "PLUMBLINE_SLACK_TOKEN")


@pytest.mark.parametrize("name", ["URL", "CLIENT_ID", "CLIENT_SECRET"])
def test_the_door_to_airbyte_names_the_setting_that_is_missing(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"URL": "http://127.0.0.1:1/api/public/v1", "CLIENT_ID": "id", "CLIENT_SECRET": "s3cret"}
    for other, value in given.items():
        monkeypatch.setenv(f"PLUMBLINE_AIRBYTE_{other}", "" if other == name else value)
    with pytest.raises(Misconfigured, match=f"the setting PLUMBLINE_AIRBYTE_{name} is empty"):
        doors.airbyte()


def test_an_ops_store_without_an_address_names_its_setting_and_shows_no_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PLUMBLINE_OPS_URL", "hunter2:nonsense")
    with pytest.raises(Misconfigured, match="PLUMBLINE_OPS_URL is no database address") as caught:
        doors.ops_store()
    assert "hunter2" not in str(caught.value)


def test_a_home_that_cannot_be_made_names_its_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_HOME", "/proc/nowhere")
    with pytest.raises(Misconfigured, match=r"\(/proc/nowhere\). Set PLUMBLINE_HOME"):
        doors.ops_store()


def test_secrets_do_not_show_in_the_text_of_the_settings(home: Path) -> None:
    _stack_file(home, PLUMBLINE_TOKEN_KEY="deadbeef", PLUMBLINE_SLACK_TOKEN="xoxb-1")
    assert "deadbeef" not in repr(settings())
    assert "xoxb-1" not in repr(settings())


def test_a_mounted_secret_is_used_and_its_successor_by_the_next_process(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounted = tmp_path / "secrets"
    _mount(mounted, "first")
    _stack_file(home, PLUMBLINE_S3_SECRET_ACCESS_KEY="of-the-stack")
    monkeypatch.setenv("PLUMBLINE_SECRETS_DIR", str(mounted))
    monkeypatch.setenv("PLUMBLINE_S3_ENDPOINT", "http://127.0.0.1:1")
    assert (doors.object_store().secret_key, _in_a_new_process()) == ("first", "first")
    _mount(mounted, "second")
    assert doors.object_store().secret_key == "first"  # a run that is under way keeps what it began with
    assert _in_a_new_process() == "second"
    settings.cache_clear()
    assert doors.object_store().secret_key == "second"


@pytest.mark.parametrize("place", ["environment", "stack file"])
def test_a_secret_that_was_changed_is_used_by_the_next_run(
    place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUMBLINE_S3_ENDPOINT", "http://127.0.0.1:1")
    for value in ("first", "second"):
        if place == "environment":
            monkeypatch.setenv("PLUMBLINE_S3_SECRET_ACCESS_KEY", value)
        else:
            _stack_file(home, PLUMBLINE_S3_SECRET_ACCESS_KEY=value)
        settings.cache_clear()
        assert doors.object_store().secret_key == value


def test_a_folder_of_secrets_that_is_not_there_is_said(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLUMBLINE_SECRETS_DIR", str(home / "gone"))
    with pytest.raises(Misconfigured, match=r"the folder of the secrets is not there .*gone\). Mount it, or unset"):
        settings()


def test_a_home_of_a_newer_version_is_refused_and_one_without_a_version_is_the_first(home: Path) -> None:
    _stack_file(home, PLUMBLINE_S3_BUCKET="b")
    assert settings().s3.bucket == "b"
    settings.cache_clear()
    (home / "stack.json").write_text(json.dumps({"version": 2, "settings": {}}))
    with pytest.raises(Misconfigured, match=r"of a newer version \(its state is 2, this one knows 1\)"):
        settings()


def _mount(folder: Path, value: str) -> None:
    """As Kubernetes does: the file is a link into a folder that is swapped at once."""
    version = folder / f"..{value}"
    version.mkdir(parents=True)
    (version / "PLUMBLINE_S3_SECRET_ACCESS_KEY").write_text(f"{value}\n")
    (folder / "..next").symlink_to(version.name)
    (folder / "..next").rename(folder / "..data")
    if not (folder / "PLUMBLINE_S3_SECRET_ACCESS_KEY").is_symlink():
        (folder / "PLUMBLINE_S3_SECRET_ACCESS_KEY").symlink_to("..data/PLUMBLINE_S3_SECRET_ACCESS_KEY")


def _in_a_new_process() -> str:
    code = "from tasks.settings import settings; print(settings().s3.secret_access_key.get_secret_value())"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
