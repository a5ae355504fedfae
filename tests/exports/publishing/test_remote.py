import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.object_stores import failing, watched
from support.publishing import FILES, make_bundle

from configs.errors import ArtifactError, ConfigError, EnvironmentFault
from exports.publishing import remote, stored
from exports.publishing import store as local
from exports.publishing.ledger import Ledger, read_ledger
from exports.publishing.object_store import ObjectStore

Put = Callable[..., int]


def ledger_of(store: ObjectStore) -> Ledger:
    return stored.read_ledger(store.below("shop"))


def verify(store: ObjectStore, version: int) -> None:
    record = ledger_of(store).by_version[version]
    stored.verify(store.below(f"shop/{version}"), record)


def timeless(ledger: Ledger) -> Ledger:
    records = tuple(one.model_copy(update={"published": ""}) for one in ledger.records)
    return ledger.model_copy(update={"records": records})


def answer(call: Callable[..., int], *arguments: object) -> object:
    try:
        return call(*arguments)
    except ArtifactError as error:
        return str(error)


def test_the_ledger_is_that_of_a_folder(
    store: ObjectStore, base: Path, put: Put, add: Callable[..., int]
) -> None:
    for text, canary in (("a", False), ("b", True), ("b", False), ("c", False), ("c", False)):
        assert put(text, canary=canary) == add(text, canary=canary)
    for call in ("promote", "promote", "rollback", "rollback"):
        there = answer(getattr(remote, call), store, "shop")
        assert there == answer(getattr(local, call), base, "shop")
    assert remote.rollback(store, "shop", to=2) == local.rollback(base, "shop", to=2)
    assert timeless(ledger_of(store)) == timeless(read_ledger(base / "shop"))


def test_a_version_is_a_whole_copy(store: ObjectStore, bundle: Path) -> None:
    remote.publish(bundle, store)
    version = store.below("shop/1")
    assert version.names() == sorted([*FILES, "manifest.json"])
    for name in version.names():
        assert version.read(name) == (bundle / name).read_bytes()


def test_data_go_first_then_the_saved_model_then_the_manifest_then_the_ledger(
    store: ObjectStore, bundle: Path
) -> None:
    puts: list[str] = []

    def note(call: str, *arguments: Any) -> None:
        if call in ("put_file", "pipe_file"):
            puts.append(str(arguments[-1] if call == "put_file" else arguments[0]))

    remote.publish(bundle, watched(store, before=note))
    assert [path.rsplit("/", 1)[-1] for path in puts] == [
        "ledger.json",  # takes the number
        "items.parquet",
        "variables.index",
        "saved_model.pb",
        "manifest.json",
        "ledger.json",
    ]


def test_a_wrong_name_is_refused_and_writes_nothing(store: ObjectStore, bundle: Path) -> None:
    with pytest.raises(ConfigError, match=r"got '\.\./shop'"):
        remote.publish(bundle, store, "../shop")
    assert store.names() == []


def test_keep_must_be_positive(store: ObjectStore, bundle: Path) -> None:
    with pytest.raises(ConfigError, match="`keep` must be at least 1, got 0"):
        remote.publish(bundle, store, keep=0)


def test_an_unknown_model_cannot_be_rolled_back(store: ObjectStore) -> None:
    with pytest.raises(ArtifactError, match="no model `shop` is published under"):
        remote.rollback(store, "shop")
    assert store.names() == []


def is_cut_off(bundle: Path, store: ObjectStore, **hooks: Callable[..., None]) -> bool:
    try:
        remote.publish(bundle, watched(store, **hooks), keep=1)
    except (ConnectionError, EnvironmentFault):
        return True
    return False


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_upload_that_ends_anywhere_leaves_a_whole_stable_version(
    store: ObjectStore, tmp_path: Path, when: str
) -> None:
    bundles = {text: make_bundle(tmp_path / text, text) for text in "abcde"}
    ends = set()
    for at in itertools.count():
        there = store.below(str(at))
        for text in "abc":
            remote.publish(bundles[text], there, keep=1)
        cut_off = is_cut_off(bundles["d"], there, **{when: failing(at)})
        ledger = ledger_of(there)
        assert ledger.stable is not None
        verify(there, ledger.stable)
        verify(there, ledger.history[-1])  # the way back
        ends.add((ledger.last, ledger.stable))
        after = remote.publish(bundles["e"], there, keep=1)
        assert after == ledger.last + 1
        verify(there, after)
        kept = {int(name.split("/")[0]) for name in there.below("shop").names() if "/" in name}
        assert kept == set(ledger_of(there).published)
        if not cut_off:
            break
    # Before the number was taken, before the pointer moved, and after it.
    assert ends == {(3, 3), (4, 3), (4, 4)}


def test_a_ledger_that_changes_meanwhile_is_left_alone(
    store: ObjectStore, put: Put, tmp_path: Path
) -> None:
    put("a")

    def come_between(call: str, *arguments: Any) -> None:
        if call == "put_file" and str(arguments[0]).endswith("manifest.json"):
            put("c")

    bundle = make_bundle(tmp_path / "b", "b")
    with pytest.raises(ArtifactError, match=r"shop/ledger\.json has changed .* one writer"):
        remote.publish(bundle, watched(store, after=come_between))
    ledger = ledger_of(store)
    assert (ledger.stable, ledger.history, ledger.last) == (3, (1,), 3)
    verify(store, 3)


def test_a_rollback_is_refused_when_the_ledger_changes_meanwhile(
    store: ObjectStore, put: Put
) -> None:
    put("a")
    put("b")

    def come_between(call: str, *_: Any) -> None:
        if call == "open" and ledger_of(store).last == 2:
            put("c")

    with pytest.raises(ArtifactError, match="has changed"):
        remote.rollback(watched(store, after=come_between), "shop")
    assert ledger_of(store).stable == 3


@pytest.mark.parametrize("file", [*FILES, "manifest.json"])
def test_an_upload_that_is_stored_otherwise_is_refused(
    store: ObjectStore, put: Put, tmp_path: Path, file: str
) -> None:
    put("a")

    def damage(call: str, *arguments: Any) -> None:
        if call == "put_file" and arguments[1].endswith(file):
            store.filesystem.pipe_file(arguments[1], b"x")

    with pytest.raises(ArtifactError, match=file):
        remote.publish(make_bundle(tmp_path / "b", "b"), watched(store, after=damage))
    assert ledger_of(store).stable == 1
    assert put("b") == 3


def test_a_damaged_version_is_no_target(store: ObjectStore, put: Put) -> None:
    put("a")
    put("b")
    store.write(f"shop/1/{FILES[0]}", b"x")
    with pytest.raises(ArtifactError, match="does not have the hash"):
        remote.rollback(store, "shop")
    store.delete("shop/1/manifest.json")
    with pytest.raises(ArtifactError, match=r"shop/1/manifest\.json is missing"):
        remote.rollback(store, "shop")
    assert ledger_of(store).stable == 2


def test_a_version_goes_when_no_label_has_named_it_for_keep_versions(
    store: ObjectStore, put: Put
) -> None:
    for text in "abcd":
        put(text, keep=2)
    # 2 ceased to be stable when 3 came; since then only 4 has come.
    assert ledger_of(store).published == (2, 3, 4)
    remote.rollback(store, "shop", to=2)
    put("e", keep=2)
    # 2 is the way back. 3 ceased to be stable when 4 came; since then only 5 has come.
    assert ledger_of(store).published == (2, 3, 4, 5)
    put("f", keep=2)
    # Since 3 and 4 were left, 5 and 6 have come; since 2 was left again, only 6.
    assert ledger_of(store).published == (2, 5, 6)


@pytest.mark.parametrize("ledger", ["lost", "old"])
def test_a_ledger_older_than_the_versions_deletes_nothing(
    store: ObjectStore, put: Put, ledger: str
) -> None:
    put("a")
    old = store.read("shop/ledger.json")
    put("b")
    store.delete("shop/ledger.json")
    if ledger == "old":
        store.write("shop/ledger.json", old or b"")
    before = store.names()
    for command in (lambda: put("c"), lambda: remote.rollback(store, "shop")):
        with pytest.raises(ArtifactError, match=r"holds version 2, but `last` .* put the newest"):
            command()
    assert store.names() == before


def test_a_damaged_ledger_stops_every_command(store: ObjectStore, put: Put) -> None:
    put("a")
    store.write("shop/ledger.json", b"{")
    before = store.names()
    for command in (lambda: put("b"), lambda: remote.listed(store)):
        with pytest.raises(ArtifactError, match=r"shop/ledger\.json is damaged .*put it back"):
            command()
    assert store.names() == before


def test_lists_versions_of_all_models(store: ObjectStore, put: Put) -> None:
    put("a")
    put("a", name="other")
    put("b", canary=True)
    found = remote.listed(store)
    assert [(one.name, one.version, one.state, one.in_use) for one in found] == [
        ("other", 1, "stable", None),
        ("shop", 1, "stable", None),
        ("shop", 2, "canary", None),
    ]
    assert remote.listed(store, "shop") == found[1:]
    with pytest.raises(ArtifactError, match="nothing is published under"):
        remote.listed(store.below("nowhere"))
