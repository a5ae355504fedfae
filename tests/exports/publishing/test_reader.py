import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.errors import ArtifactError
from exports.publishing import reader
from exports.publishing.in_use import is_in_use
from exports.publishing.ledger import read_ledger
from exports.publishing.reader import kept, opened
from exports.publishing.store import promote, rollback

Add = Callable[..., int]


def test_opens_the_version_of_each_label(add: Add, base: Path) -> None:
    add("a")
    add("b", canary=True)
    with opened(base, "shop") as stable, opened(base, "shop", "canary") as canary:
        assert stable == (base / "shop" / "1", 1)
        assert canary == (base / "shop" / "2", 2)


def test_follows_the_pointer(add: Add, base: Path) -> None:
    def stable() -> int:
        with opened(base, "shop") as one:
            return one.version

    add("a")
    add("b", canary=True)
    promote(base, "shop")
    assert stable() == 2
    rollback(base, "shop")
    assert stable() == 1


def test_a_version_is_in_use_as_long_as_one_reader_has_it(add: Add, base: Path) -> None:
    add("a")
    with opened(base, "shop"):
        with opened(base, "shop"):
            pass
        assert is_in_use(base / "shop", 1)
    assert not is_in_use(base / "shop", 1)


def test_a_version_of_a_number_is_in_use_while_it_is_held(add: Add, base: Path) -> None:
    add("a")
    add("b")
    with kept(base, "shop", 1) as folder:
        assert folder == base / "shop" / "1"
        assert is_in_use(base / "shop", 1)
    assert not is_in_use(base / "shop", 1)


def test_a_version_that_was_deleted_is_none(add: Add, base: Path) -> None:
    for text in "abc":
        add(text, keep=1)
    with kept(base, "shop", 1) as deleted, kept(base, "shop", 9) as unknown:
        assert (deleted, unknown) == (None, None)


def test_a_label_without_version_is_told(add: Add, base: Path) -> None:
    add("a")
    with (
        pytest.raises(ArtifactError, match="has no canary version"),
        opened(base, "shop", "canary"),
    ):
        pass
    with pytest.raises(ArtifactError, match="has no stable version"), opened(base, "none"):
        pass
    assert not (base / "none").exists()


def test_a_version_deleted_while_it_is_opened_is_not_given(
    add: Add, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in "abc":
        add(text)
    folder = base / "shop"
    late = [read_ledger(folder).with_stable(1)]  # the first look finds a pointer of long ago
    add("d", keep=1)

    def read(path: Path) -> object:
        return late.pop() if late else read_ledger(path)

    monkeypatch.setattr(reader, "read_ledger", read)
    with opened(base, "shop") as one:
        assert one.version == 4


def test_a_missing_folder_is_told(add: Add, base: Path) -> None:
    add("a")
    shutil.rmtree(base / "shop" / "1")
    with (
        pytest.raises(ArtifactError, match=r"version 1 of .* cannot be opened"),
        opened(base, "shop"),
    ):
        pass


def test_a_reader_changes_nothing(add: Add, base: Path) -> None:
    add("a")
    before = {path: path.stat().st_mtime_ns for path in base.rglob("*")}
    with opened(base, "shop"):
        pass
    assert {path: path.stat().st_mtime_ns for path in base.rglob("*")} == before
