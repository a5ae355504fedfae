import errno
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.publishing import FILES, make_bundle

from configs.errors import ArtifactError, ConfigError
from exports.manifest import verify
from exports.publishing import adding, store
from exports.publishing.ledger import read_ledger
from exports.publishing.store import promote, publish, rollback

Add = Callable[..., int]


def contents(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_the_first_version_is_1_and_a_whole_copy(bundle: Path, base: Path) -> None:
    assert publish(bundle, base) == 1
    assert contents(base / "shop" / "1") == contents(bundle)


def test_the_name_may_be_another_than_the_runs(bundle: Path, base: Path) -> None:
    publish(bundle, base, "front")
    assert verify(base / "front" / "1").model_name == "shop"


def test_a_wrong_name_is_refused_and_writes_nothing(bundle: Path, base: Path) -> None:
    with pytest.raises(ConfigError, match=r"got '\.\./shop'"):
        publish(bundle, base, "../shop")
    assert not base.exists()


def test_the_record_says_what_and_how_large(bundle: Path, base: Path) -> None:
    publish(bundle, base)
    (record,) = read_ledger(base / "shop").records
    # Three files of 7 letters, and the manifest.
    assert record.bytes == 21 + (bundle / "manifest.json").stat().st_size
    assert len(record.manifest_sha256) == 64


def test_the_next_version_is_stable_and_the_former_stays(add: Add, base: Path) -> None:
    assert [add("a"), add("b")] == [1, 2]
    ledger = read_ledger(base / "shop")
    assert (ledger.stable, ledger.history, ledger.published) == (2, (1,), (1, 2))


def test_the_stable_bundle_is_not_published_again(add: Add, base: Path) -> None:
    assert [add("a"), add("a")] == [1, 1]
    assert read_ledger(base / "shop").last == 1


def test_a_former_bundle_is_a_new_version(add: Add) -> None:
    assert [add("a"), add("b"), add("a")] == [1, 2, 3]


def test_a_canary_leaves_the_stable_version(add: Add, base: Path) -> None:
    add("a")
    assert [add("b", canary=True), add("b", canary=True)] == [2, 2]
    ledger = read_ledger(base / "shop")
    assert (ledger.stable, ledger.canary) == (1, 2)


def test_a_promoted_canary_is_stable(add: Add, base: Path) -> None:
    add("a")
    add("b", canary=True)
    assert promote(base, "shop") == 2
    ledger = read_ledger(base / "shop")
    assert (ledger.stable, ledger.canary, ledger.history) == (2, None, (1,))


def test_without_canary_there_is_nothing_to_promote(add: Add, base: Path) -> None:
    add("a")
    with pytest.raises(ArtifactError, match="no canary to promote"):
        promote(base, "shop")


def test_a_damaged_bundle_is_refused_and_writes_nothing(bundle: Path, base: Path) -> None:
    (bundle / FILES[1]).write_text("changed")
    (bundle / FILES[0]).write_text("contenT")
    with pytest.raises(ArtifactError, match="does not have the hash"):
        publish(bundle, base)
    assert not base.exists()


def test_a_link_in_a_bundle_is_refused(bundle: Path, base: Path) -> None:
    (bundle / FILES[1]).rename(bundle.parent / "elsewhere")
    (bundle / FILES[1]).symlink_to(bundle.parent / "elsewhere")
    with pytest.raises(ArtifactError, match="is a link"):
        publish(bundle, base)


def test_a_file_that_becomes_a_link_while_it_is_copied_is_refused(
    bundle: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle.parent / "elsewhere").write_text("content")

    def replace(source: Path, target: Path, follow_symlinks: bool) -> None:
        if source.name == "items.parquet":
            source.unlink()
            source.symlink_to(bundle.parent / "elsewhere")
        copyfile(source, target, follow_symlinks=follow_symlinks)

    copyfile = shutil.copyfile
    monkeypatch.setattr(store.shutil, "copyfile", replace)
    with pytest.raises(ArtifactError, match=r"`items\.parquet` .* is a link"):
        publish(bundle, base)
    assert not (base / "shop" / "1").exists()


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def full_at_the_end(ledger: object, folder: Path) -> None:
    if getattr(ledger, "stable", None) == 2:
        full()
    write_ledger(ledger, folder)  # type: ignore[arg-type]


write_ledger = adding.write_ledger


@pytest.mark.parametrize(
    ("module", "name", "fault"),
    [(store.shutil, "copyfile", full), (adding, "write_ledger", full_at_the_end)],
    ids=["copy", "ledger"],
)
def test_a_full_disk_changes_nothing_but_the_next_number(  # type: ignore[no-untyped-def]
    add: Add, base: Path, monkeypatch, module, name, fault
) -> None:
    add("a")
    before = contents(base)
    with monkeypatch.context() as patch:
        patch.setattr(module, name, fault)
        with pytest.raises(OSError, match="No space left"):
            add("b")
    after = contents(base)
    assert after.pop("shop/ledger.json") != before.pop("shop/ledger.json")
    assert after == before
    assert read_ledger(base / "shop").stable == 1
    assert add("b") == 3


def test_a_copy_that_differs_is_refused(
    add: Add, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("a")

    def damage(source: Path, target: Path, follow_symlinks: bool) -> None:
        target.write_bytes(source.read_bytes()[:-1] + b"x")

    with monkeypatch.context() as patch:
        patch.setattr(store.shutil, "copyfile", damage)
        with pytest.raises(ArtifactError):
            add("b")
    assert (read_ledger(base / "shop").stable, (base / "shop" / "2").exists()) == (1, False)


def test_rolling_back_goes_to_the_version_before_each_time(add: Add, base: Path) -> None:
    for text in "abc":
        add(text)
    assert [rollback(base, "shop"), rollback(base, "shop")] == [2, 1]
    with pytest.raises(ArtifactError, match=r"stable before 1; published are 1, 2, 3: name one"):
        rollback(base, "shop")


def test_rolling_back_to_a_version_moves_forward_too(add: Add, base: Path) -> None:
    for text in "abc":
        add(text)
    assert [rollback(base, "shop", to=1), rollback(base, "shop", to=3)] == [1, 3]
    assert rollback(base, "shop") == 1


def test_rolling_back_clears_a_canary_only_if_it_is_the_target(add: Add, base: Path) -> None:
    add("a")
    add("b")
    add("c", canary=True)
    rollback(base, "shop")
    assert read_ledger(base / "shop").canary == 3
    rollback(base, "shop", to=3)
    assert read_ledger(base / "shop").canary is None


def test_a_version_that_is_not_there_is_no_target(add: Add, base: Path) -> None:
    add("a")
    with pytest.raises(ArtifactError, match=r"`to` must be .* got 7; published are 1\."):
        rollback(base, "shop", to=7)


def test_a_damaged_version_is_no_target(add: Add, base: Path) -> None:
    add("a")
    add("b")
    (base / "shop" / "1" / FILES[0]).write_text("x")
    with pytest.raises(ArtifactError, match="does not have the hash"):
        rollback(base, "shop")
    assert read_ledger(base / "shop").stable == 2


def test_an_unknown_model_cannot_be_rolled_back_and_is_not_made(base: Path) -> None:
    with pytest.raises(ArtifactError, match="no model `shop` is published under"):
        rollback(base, "shop")
    assert not base.exists()


def test_the_damaged_ledger_of_another_model_stops_everything_at_once(
    add: Add, base: Path, tmp_path: Path
) -> None:
    publish(make_bundle(tmp_path / "other", "x"), base, "other")
    add("a")
    (base / "other" / "ledger.json").write_text("{")
    with pytest.raises(ArtifactError, match=r"other/ledger\.json is damaged"):
        add("b")
    assert read_ledger(base / "shop").last == 1


def test_keep_must_be_positive(bundle: Path, base: Path) -> None:
    with pytest.raises(ConfigError, match="`keep` must be at least 1, got 0"):
        publish(bundle, base, keep=0)


def test_writers_of_one_model_wait_for_each_other(tmp_path: Path, base: Path) -> None:
    bundles = [make_bundle(tmp_path / text, text) for text in "abcdef"]
    with ThreadPoolExecutor(3) as pool:
        numbers = list(pool.map(lambda bundle: publish(bundle, base, keep=6), bundles))
    assert sorted(numbers) == [1, 2, 3, 4, 5, 6]
    assert read_ledger(base / "shop").published == (1, 2, 3, 4, 5, 6)


def test_writers_of_several_models_leave_one_configuration(tmp_path: Path, base: Path) -> None:
    bundles = [make_bundle(tmp_path / name, name, name) for name in "abcdef"]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda bundle: publish(bundle, base), bundles))
    assert (base / "models.config").read_text().count("base_path") == 6
