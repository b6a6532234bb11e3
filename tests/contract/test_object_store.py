"""One contract for every S3: moto in this process, and a real SeaweedFS that also checks signatures."""

from __future__ import annotations

import dataclasses
import gzip
import random
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest
from moto.server import ThreadedMotoServer

from deployments.local import processes, s3
from expectations.declare.errors import Misconfigured, Unavailable
from tasks.adapters.object_store import AlreadyThere, NotThere, ObjectStore


def _start(folder: Path, store: ObjectStore, base: int) -> processes.Running:
    part = s3.part(folder / "data", base, store)
    running = processes.start(part, folder / "s3.log")
    processes.wait_until_ready(part, running, log=folder / "s3.log", cancelled=Event())
    return running


@pytest.fixture(scope="module")
def on_moto() -> Iterator[ObjectStore]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield ObjectStore(endpoint=f"http://{host}:{port}", bucket="plumbline", access_key="AK", secret_key="sk")
    server.stop()


@pytest.fixture(scope="module")
def on_seaweed(tmp_path_factory: pytest.TempPathFactory, free_base: Callable[[], int]) -> Iterator[ObjectStore]:
    base = free_base()
    store = ObjectStore(endpoint=s3.address(base), bucket="plumbline", access_key="AKLOCAL", secret_key="s3cr3t")
    running = _start(tmp_path_factory.mktemp("seaweed"), store, base)
    yield store
    processes.stop(running)


@pytest.fixture(params=["moto", "seaweed"])
def store(request: pytest.FixtureRequest) -> ObjectStore:
    opened: ObjectStore = request.getfixturevalue(f"on_{request.param}")
    opened.ensure_bucket()
    return opened


def test_what_was_put_is_what_comes_back(store: ObjectStore) -> None:
    etag = store.put("back/é 1.bin", b"\x00one\xff", content_type="application/x-thing")

    (listed,) = store.list("back/")
    assert store.get("back/é 1.bin") == b"\x00one\xff"
    assert (listed.key, listed.etag, listed.size) == ("back/é 1.bin", etag, 5)
    assert listed.last_modified.tzinfo is not None
    assert '"' not in etag


def test_an_object_without_a_byte_is_an_object(store: ObjectStore) -> None:
    store.put("empty/nothing", b"")

    assert store.get("empty/nothing") == b""
    assert store.exists("empty/nothing")


def test_a_conditional_put_writes_once(store: ObjectStore) -> None:
    store.put("once/manifest.json", b"first", only_if_absent=True)

    with pytest.raises(AlreadyThere, match=r"once/manifest.json"):
        store.put("once/manifest.json", b"second", only_if_absent=True)
    assert store.get("once/manifest.json") == b"first"


def test_of_many_writers_one_wins(store: ObjectStore) -> None:
    def write(number: int) -> bool:
        try:
            store.put("race/manifest.json", str(number).encode(), only_if_absent=True)
        except AlreadyThere:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(write, range(8)))
    assert won.count(True) == 1
    assert store.get("race/manifest.json") == str(won.index(True)).encode()


def test_a_listing_has_every_page_in_key_order(store: ObjectStore) -> None:
    keys = [f"pages/{number:04}" for number in range(1100)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: store.put(key, b"x"), keys))

    assert [found.key for found in store.list("pages/")] == keys
    store.delete(keys)
    assert list(store.list("pages/")) == []


def test_deleting_what_is_gone_is_no_error(store: ObjectStore) -> None:
    store.put("gone/a", b"a")
    store.delete(["gone/a", "gone/never"])
    store.delete(["gone/a"])
    store.delete([])

    assert not store.exists("gone/a")


def test_metadata_travel_with_the_object(store: ObjectStore) -> None:
    store.put("notes/a", b"a", metadata={"sync-id": "17", "rows": "3"})

    assert store.metadata("notes/a") == {"sync-id": "17", "rows": "3"}


def test_a_name_that_only_begins_alike_does_not_exist(store: ObjectStore) -> None:
    store.put("alike/name.jsonl.gz-1", b"a")

    assert not store.exists("alike/name.jsonl.gz")
    assert store.exists("alike/name.jsonl.gz-1")


def test_a_missing_object_is_named(store: ObjectStore, tmp_path: Path) -> None:
    with pytest.raises(NotThere, match="nowhere"):
        store.get("nowhere")
    with pytest.raises(NotThere, match="nowhere"):
        store.metadata("nowhere")
    with pytest.raises(NotThere, match="nowhere"), store.open_stream("nowhere"):
        pass
    with pytest.raises(NotThere, match="nowhere"):
        store.download("nowhere", tmp_path / "file")
    assert not (tmp_path / "file").exists()


def test_a_gzip_is_read_while_it_arrives(store: ObjectStore) -> None:
    lines = b"".join(b'{"n": %d}\n' % n for n in range(200_000))
    store.put("stream/a.jsonl.gz", gzip.compress(lines))

    with store.open_stream("stream/a.jsonl.gz") as raw, gzip.open(raw) as unpacked:
        assert unpacked.read() == lines


def test_files_go_up_and_come_down(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "up").write_bytes(b"lake" * 1000)
    etag = store.put("files/a.parquet", tmp_path / "up", only_if_absent=True)
    store.download("files/a.parquet", tmp_path / "down")

    assert (tmp_path / "down").read_bytes() == b"lake" * 1000
    assert store.list("files/")[0].etag == etag


def test_a_large_file_goes_in_parts(store: ObjectStore, tmp_path: Path) -> None:
    content = random.Random(1).randbytes(1 << 20) * 65
    (tmp_path / "large").write_bytes(content)
    etag = store.put("large/a", tmp_path / "large")
    store.download("large/a", tmp_path / "down")

    assert (tmp_path / "down").read_bytes() == content
    assert etag == store.list("large/")[0].etag
    store.delete(["large/a"])


def test_a_missing_bucket_is_a_setting(store: ObjectStore) -> None:
    lost = dataclasses.replace(store, bucket="another")

    for attempt in (
        lambda: lost.put("a", b"a"),
        lambda: lost.get("a"),
        lambda: lost.list(""),
        lambda: lost.exists("a"),
    ):
        with pytest.raises(Misconfigured, match=r"the bucket 'another' does not exist .*PLUMBLINE_S3_BUCKET"):
            attempt()


def test_an_impossible_bucket_name_is_a_setting(store: ObjectStore) -> None:
    with pytest.raises(Misconfigured, match="PLUMBLINE_S3_BUCKET"):
        dataclasses.replace(store, bucket="no such/bucket").list("")


def test_encryption_is_asked_for_as_configured(on_moto: ObjectStore) -> None:
    on_moto.ensure_bucket()
    sealed = dataclasses.replace(on_moto, encryption="aws:kms", kms_key="alias/lake")
    sealed.put("secret/a", b"a")
    on_moto.put("plain/a", b"a")

    head = on_moto.client.head_object(Bucket="plumbline", Key="secret/a")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/lake")
    assert "SSEKMSKeyId" not in on_moto.client.head_object(Bucket="plumbline", Key="plain/a")


@pytest.mark.parametrize(
    ("key", "secret"), [("AKLOCAL", "wrong"), ("UNKNOWN", "s3cr3t")], ids=["wrong secret", "unknown key"]
)
def test_wrong_credentials_are_a_setting(on_seaweed: ObjectStore, tmp_path: Path, key: str, secret: str) -> None:
    stranger = dataclasses.replace(on_seaweed, access_key=key, secret_key=secret)
    expected = "PLUMBLINE_S3_ACCESS_KEY_ID and PLUMBLINE_S3_SECRET_ACCESS_KEY"

    for attempt in (
        stranger.ensure_bucket,
        lambda: stranger.put("a", b"a"),
        lambda: stranger.get("a"),
        lambda: stranger.metadata("a"),
        lambda: stranger.list(""),
        lambda: stranger.delete(["a"]),
        lambda: stranger.download("a", tmp_path / "a"),
    ):
        with pytest.raises(Misconfigured, match=expected) as caught:
            attempt()
        assert "s3cr3t" not in str(caught.value)
        assert "wrong" not in str(caught.value)


def test_a_server_that_is_down_is_unavailable_after_bounded_retries() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{bound.getsockname()[1]}"
        store = ObjectStore(endpoint=address, bucket="plumbline", access_key="a", secret_key="b", attempts=2)
        with pytest.raises(
            Unavailable, match=rf"did not answer for \d+\.\d s .*at most 2 attempts.*{address}/plumbline"
        ):
            store.get("a")


def test_an_address_that_is_none_is_a_setting() -> None:
    with pytest.raises(Misconfigured, match="PLUMBLINE_S3_ENDPOINT"):
        ObjectStore(endpoint="not an address", bucket="plumbline", access_key="a", secret_key="b").list("")


def test_the_secret_is_not_in_the_picture_of_a_store() -> None:
    assert "hidden" not in repr(ObjectStore(endpoint="", bucket="plumbline", secret_key="hidden"))


def test_seaweed_keeps_its_data_over_a_kill(tmp_path: Path, free_base: Callable[[], int]) -> None:
    base = free_base()
    store = ObjectStore(endpoint=s3.address(base), bucket="plumbline", access_key="AKLOCAL", secret_key="s3cr3t")
    running = _start(tmp_path, store, base)
    store.put("kept/a", b"a", metadata={"sync-id": "1"})
    processes.stop(running)

    running = _start(tmp_path, store, base)
    try:
        assert (store.get("kept/a"), store.metadata("kept/a")) == (b"a", {"sync-id": "1"})
    finally:
        processes.stop(running)
