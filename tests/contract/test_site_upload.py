"""The site in the bucket: changed files only, each as what it is, an index after the pages that it leads to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from expectations.declare.errors import Unavailable
from tasks import doors
from tasks.adapters.object_store import ObjectStore
from tasks.publish import document
from tasks.publish.site_upload import Shared, share_site
from tasks.settings import settings

FILES = {
    "index.html": "<h1>é</h1>",
    "assets/plumbline.css": "a{}",
    "assets/filter.js": "1",
    "data-docs/2026-11-17/index.html": "day",
    "data-docs/2026-11-17/meta_ads.ads_insights.html": "suite",
    "data-docs/2026-11-17/states.json": "{}",
    "data-docs/2026-11-17/.thinned-all": "",
}
KINDS = {
    "index.html": "text/html; charset=utf-8",
    "assets/plumbline.css": "text/css; charset=utf-8",
    "assets/filter.js": "text/javascript; charset=utf-8",
    "data-docs/2026-11-17/states.json": "application/json",
}


@pytest.fixture
def site(new_pipeline: Callable[[str], Any], request: pytest.FixtureRequest) -> Iterator[Path]:
    pipeline = new_pipeline(request.node.name.replace("_", "-")[:60])
    with pipeline.doors(), pytest.MonkeyPatch.context() as environment:
        environment.setenv("PLUMBLINE_SITE_PREFIX", "/site/")
        settings.cache_clear()
        for name, text in FILES.items():
            path = pipeline.home / "site" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        yield pipeline.home / "site"
        doors.ops_store().close()


def _keys() -> set[str]:
    return {item.key for item in doors.object_store().list("")}


def test_every_file_is_sent_once_and_a_mark_never(site: Path) -> None:
    assert (share_site().sent, share_site()) == (6, Shared(0, 0, 6, 0))
    assert _keys() == {f"site/{name}" for name in FILES if ".thinned" not in name} | {"site/.shared.json"}


def test_only_what_changed_is_sent_and_what_is_gone_goes(site: Path) -> None:
    share_site()
    (site / "index.html").write_text("<h1>new</h1>")
    (site / "assets" / "filter.js").touch()
    (site / "data-docs" / "2026-11-17" / "meta_ads.ads_insights.html").unlink()
    assert share_site() == Shared(sent=1, removed=1, same=4, bytes=12)
    assert doors.object_store().get("site/index.html") == b"<h1>new</h1>"
    assert not any("ads_insights" in key for key in _keys())


def test_a_browser_is_told_what_a_file_is(site: Path) -> None:
    share_site()
    store = doors.object_store()
    found = {name: store.client.head_object(Bucket=store.bucket, Key=f"site/{name}")["ContentType"] for name in KINDS}
    assert found == KINDS


def test_an_index_comes_after_the_pages_that_it_leads_to(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(ObjectStore, "put", lambda _self, key, _body, **_: sent.append(key))
    share_site()
    assert sent[-3:] == ["site/data-docs/2026-11-17/index.html", "site/index.html", "site/.shared.json"]


def test_a_sharing_that_broke_off_is_finished_by_the_next(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(ObjectStore, "put", _refuse_the_index)
        with pytest.raises(Unavailable):
            share_site()
    assert share_site().sent == 6
    assert doors.object_store().get("site/index.html").decode() == FILES["index.html"]


def test_a_bucket_that_does_not_answer_does_not_stop_the_site(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ObjectStore, "put", _refuse_the_index)
    assert document.refresh_index().read_text().count("Nothing has been published yet") == 1
    outcome = next(row for row in doors.ops_store().outcomes() if row["step"] == "share_site")
    assert (outcome["status"], "no answer" in outcome["reason"]) == ("failed", True)


def _refuse_the_index(self: ObjectStore, key: str, *_: object, **__: object) -> str:
    if key.endswith("index.html"):
        raise Unavailable("no answer", where=key)
    return ""
