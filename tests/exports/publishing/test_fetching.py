import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.object_stores import failing, watched
from support.publishing import FILES, make_bundle

from configs.errors import ArtifactError, EnvironmentFault
from exports.manifest import verify
from exports.publishing import remote, stored
from exports.publishing.fetching import fetch
from exports.publishing.in_use import is_in_use
from exports.publishing.layout import version_folders
from exports.publishing.ledger import read_ledger
from exports.publishing.object_store import ObjectStore
from exports.publishing.reader import opened
from exports.publishing.store import publish

Put = Callable[..., int]


def test_the_stable_version_comes_whole_under_its_number(
    store: ObjectStore, put: Put, base: Path, tmp_path: Path
) -> None:
    put("a")
    put("b")
    put("c", canary=True)
    assert fetch(store, "shop", base) == 2
    verify(base / "shop" / "2")
    assert (base / "shop" / "2" / FILES[0]).read_text() == "b"
    assert list(version_folders(base / "shop")) == [2]


def test_its_record_is_that_of_the_store(store: ObjectStore, put: Put, base: Path) -> None:
    put("a")
    fetch(store, "shop", base)
    assert read_ledger(base / "shop") == stored.read_ledger(store.below("shop"))


def test_readers_open_it_as_if_it_were_published_there(
    store: ObjectStore, put: Put, base: Path
) -> None:
    put("a")
    fetch(store, "shop", base, serving_path="/models")
    with opened(base, "shop") as (path, version):
        assert (path, version) == (base / "shop" / "1", 1)
        assert is_in_use(base / "shop", 1)
    assert 'base_path: "/models/shop"' in (base / "models.config").read_text()


def test_what_is_stable_already_is_not_read_again(store: ObjectStore, put: Put, base: Path) -> None:
    put("a")
    fetch(store, "shop", base)
    calls: list[str] = []
    fetch(watched(store, before=lambda call, *_: calls.append(call)), "shop", base)
    assert calls == ["cat_file"]  # the ledger


def test_a_rollback_is_followed_without_reading_the_version_again(
    store: ObjectStore, put: Put, base: Path
) -> None:
    for text in "ab":
        put(text)
        fetch(store, "shop", base)
    remote.rollback(store, "shop")
    calls: list[str] = []
    assert fetch(watched(store, before=lambda call, *_: calls.append(call)), "shop", base) == 1
    assert calls == ["cat_file"]
    assert (read_ledger(base / "shop").stable, read_ledger(base / "shop").history) == (1, ())


def test_a_version_that_came_before_those_fetched_can_follow_them(
    store: ObjectStore, put: Put, base: Path
) -> None:
    put("a")
    put("b")
    fetch(store, "shop", base)
    remote.rollback(store, "shop")
    assert fetch(store, "shop", base) == 1
    assert read_ledger(base / "shop").published == (1, 2)
    put("c")
    assert fetch(store, "shop", base) == 3


def test_old_versions_go_and_come_back_when_they_are_stable_again(
    store: ObjectStore, put: Put, base: Path
) -> None:
    for text in "abc":
        put(text)
        fetch(store, "shop", base, keep=1)
    assert read_ledger(base / "shop").published == (2, 3)
    remote.rollback(store, "shop", to=1)
    assert fetch(store, "shop", base, keep=1) == 1
    verify(base / "shop" / "1")
    assert read_ledger(base / "shop").stable == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_fetch_that_ends_anywhere_leaves_the_former_version(
    store: ObjectStore, put: Put, base: Path, when: str
) -> None:
    put("a")
    fetch(store, "shop", base)
    put("b")
    for at in range(100):
        try:
            fetch(watched(store, **{when: failing(at)}), "shop", base)
        except (ConnectionError, EnvironmentFault):
            assert read_ledger(base / "shop").stable == 1
            assert list(version_folders(base / "shop")) == [1]
        else:
            break
    assert at > 5
    verify(base / "shop" / "2")


@pytest.mark.parametrize("name", [*FILES, "manifest.json"])
def test_a_version_that_is_damaged_in_the_store_does_not_come(
    store: ObjectStore, put: Put, base: Path, name: str
) -> None:
    put("a")
    store.write(f"shop/1/{name}", b"x")
    with pytest.raises(ArtifactError, match=name):
        fetch(store, "shop", base)
    assert version_folders(base / "shop") == {}


def test_a_version_that_is_damaged_on_its_way_does_not_come(
    store: ObjectStore, put: Put, base: Path
) -> None:
    put("a")

    def damage(call: str, *arguments: Any) -> None:
        if call == "get_file" and arguments[0].endswith(FILES[1]):
            Path(arguments[1]).write_bytes(b"x")

    with pytest.raises(ArtifactError, match="does not have the hash"):
        fetch(watched(store, after=damage), "shop", base)
    assert version_folders(base / "shop") == {}


def test_a_name_that_leads_out_of_the_folder_is_refused_before_it_is_read(
    store: ObjectStore, base: Path, tmp_path: Path
) -> None:
    bundle = make_bundle(tmp_path / "bundle", "a")
    remote.publish(bundle, store)
    text = (bundle / "manifest.json").read_text().replace("items.parquet", "../../../items.parquet")
    store.write("shop/1/manifest.json", text.encode())
    ledger = stored.read_ledger(store.below("shop"))
    record = ledger.records[0].model_copy(
        update={"manifest_sha256": hashlib.sha256(text.encode()).hexdigest()}
    )
    stored.replace_ledger(
        store.below("shop"), ledger, ledger.model_copy(update={"records": (record,)})
    )
    with pytest.raises(ArtifactError, match="lies outside of it"):
        fetch(store, "shop", base)
    assert list(tmp_path.rglob("base/**/items.parquet")) == []


def test_another_version_of_the_same_number_is_refused(
    store: ObjectStore, put: Put, base: Path, tmp_path: Path
) -> None:
    publish(make_bundle(tmp_path / "x", "x"), base)
    put("a")
    with pytest.raises(ArtifactError, match=r"version 1 of .* is not the one of .*: fetch to a"):
        fetch(store, "shop", base)
    assert (base / "shop" / "1" / FILES[0]).read_text() == "x"


def test_without_a_stable_version_nothing_is_written(store: ObjectStore, base: Path) -> None:
    with pytest.raises(ArtifactError, match="has no stable version"):
        fetch(store, "shop", base)
    assert not base.exists()
