import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from configs.errors import ArtifactError
from exports.publishing.cleanup import recover
from exports.publishing.layout import version_folders
from exports.publishing.ledger import read_ledger, write_ledger
from exports.publishing.reader import opened
from exports.publishing.store import publish, rollback

Add = Callable[..., int]


def versions(base: Path) -> list[int]:
    return sorted(version_folders(base / "shop"))


def test_only_the_newest_versions_and_the_way_back_are_kept(add: Add, base: Path) -> None:
    for text in "abcdef":
        add(text, keep=2)
    assert versions(base) == [5, 6]
    add("g", keep=1)
    assert versions(base) == [6, 7]
    assert [record.state for record in read_ledger(base / "shop").records[-2:]] == ["published"] * 2
    assert rollback(base, "shop") == 6


def test_a_canary_and_the_stable_version_are_kept(add: Add, base: Path) -> None:
    add("a")
    for text in "bcd":
        add(text, canary=True, keep=1)
    assert versions(base) == [1, 4]


def test_a_version_in_use_is_kept_until_the_next_time(add: Add, base: Path) -> None:
    add("a")
    with opened(base, "shop"):
        for text in "bcd":
            add(text, keep=1)
        assert versions(base) == [1, 3, 4]
    add("e", keep=1)
    assert versions(base) == [4, 5]


def test_lock_files_go_with_their_versions(add: Add, base: Path) -> None:
    for text in "abcd":
        add(text, keep=1)
    assert sorted(path.name for path in (base / "shop" / ".in_use").iterdir()) == ["3", "4"]


def test_what_a_dead_writer_left_is_removed(add: Add, base: Path) -> None:
    add("a")
    folder = base / "shop"
    ledger = read_ledger(folder)
    # It had taken 2 and 3, had copied 2, and was copying 3.
    write_ledger(ledger.model_copy(update={"last": 3}), folder)
    shutil.copytree(folder / "1", folder / "2")
    (folder / ".unfinished-3").mkdir()
    (folder / ".in_use" / "3").touch()
    (folder / ".unfinished-ledger.json").touch()
    recover(folder)
    names = sorted(path.relative_to(folder).as_posix() for path in folder.glob("**/*"))
    assert [name for name in names if not name.startswith("1/")] == [
        ".in_use", ".in_use/1", ".lock", "1", "ledger.json",
    ]  # fmt: skip
    assert add("b") == 4


def test_a_version_that_was_deleted_only_in_the_ledger_goes(add: Add, base: Path) -> None:
    add("a")
    add("b")
    add("c")
    folder = base / "shop"
    write_ledger(read_ledger(folder).without([1]), folder)
    recover(folder)
    assert versions(base) == [2, 3]


@pytest.mark.parametrize("ledger", ["lost", "old"])
def test_a_ledger_older_than_the_versions_deletes_nothing(
    add: Add, base: Path, bundle: Path, ledger: str
) -> None:
    add("a")
    old = (base / "shop" / "ledger.json").read_text()
    add("b")
    (base / "shop" / "ledger.json").unlink()
    if ledger == "old":
        (base / "shop" / "ledger.json").write_text(old)
    with pytest.raises(ArtifactError, match=r"holds version 2, but `last` .* put the newest"):
        publish(bundle, base)
    assert versions(base) == [1, 2]
