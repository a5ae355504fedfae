import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.object_stores import failing, watched

from configs.errors import ConfigError, EnvironmentFault
from exports.publishing.object_store import ObjectStore, open_store


def test_what_is_written_is_read(store: ObjectStore) -> None:
    store.write("a", b"1")
    store.write("a", b"22")
    assert store.read("a") == b"22"


def test_what_is_not_there_is_none(store: ObjectStore) -> None:
    assert (store.read("a"), store.names(), store.folders()) == (None, [], [])


def test_a_file_goes_there_and_back(store: ObjectStore, tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"text")
    store.upload(tmp_path / "there", "x/y/z")
    store.download("x/y/z", tmp_path / "deep" / "back")
    assert (tmp_path / "deep" / "back").read_bytes() == b"text"


def test_objects_are_named_below_the_path_at_any_depth(store: ObjectStore) -> None:
    for name in ("1/a", "1/b/c", "10/a", "d"):
        store.write(name, b"")
    assert store.names() == ["1/a", "1/b/c", "10/a", "d"]
    assert store.below("1").names() == ["a", "b/c"]
    assert store.folders() == ["1", "10"]


def test_the_entry_of_an_object_is_its_size_and_hash(store: ObjectStore) -> None:
    store.write("a", b"abc")
    entry = store.entry("a")
    # The first test vector of FIPS 180-2.
    assert entry.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert entry.bytes == 3


def test_a_deleted_object_is_gone(store: ObjectStore) -> None:
    store.write("a", b"")
    store.delete("a")
    assert store.names() == []


def test_without_fsspec_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(EnvironmentFault, match=r"pip install tfrs-two-stage\[object-store\]"):
        open_store("s3://bucket/models")


def test_without_the_package_of_a_store_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(EnvironmentFault, match=r"s3://bucket/models cannot .*`pip install s3fs`"):
        open_store("s3://bucket/models")


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"nowhere://models must begin with a protocol"):
        open_store("nowhere://models")


@pytest.mark.parametrize(
    "call", [lambda at: at.read("a"), lambda at: at.folders(), lambda at: at.write("a", b"")]
)
def test_a_store_that_does_not_answer_says_what_to_check(
    store: ObjectStore, call: Callable[[ObjectStore], object]
) -> None:
    with pytest.raises(EnvironmentFault, match=r"ConnectionError: the store is gone\): check the"):
        call(watched(store, before=failing(0)))
