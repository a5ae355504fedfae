import errno
import os
from pathlib import Path

import numpy as np
import pytest

from tfrs_models.durable import UNFINISHED, new_array, new_file, new_folder, remove_unfinished


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_folder_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    with new_folder(target) as work:
        (work / "sub").mkdir()
        (work / "sub" / "file").write_text("x")
        assert not target.exists()
    assert (target / "sub" / "file").read_text() == "x"
    assert names(target.parent) == ["target"]


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "target") as work:
        (work / "file").write_text("x")
        _ = 1 / 0
    assert names(tmp_path) == []


def test_a_failure_leaves_the_former_folder(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").write_text("x")
    with pytest.raises(ZeroDivisionError), new_folder(tmp_path / "target"):
        _ = 1 / 0
    assert names(tmp_path / "target") == ["old"]


def test_a_former_folder_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "old").write_text("x")
    with new_folder(tmp_path / "target") as work:
        (work / "new").write_text("x")
    assert names(tmp_path / "target") == ["new"]
    assert names(tmp_path) == ["target"]


def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / f"{UNFINISHED}target").mkdir()
    (tmp_path / f"{UNFINISHED}file").write_text("x")
    (tmp_path / "kept").mkdir()
    remove_unfinished(tmp_path)
    assert names(tmp_path) == ["kept"]


def test_no_pattern_of_finished_files_matches_an_unfinished_one(tmp_path: Path) -> None:
    with new_file(tmp_path / "shop.prom") as work:
        work.write_text("x")
        assert names(tmp_path) == [work.name]
        assert work.suffix != ".prom"
    assert names(tmp_path) == ["shop.prom"]


def test_an_array_takes_its_space_at_once(tmp_path: Path) -> None:
    array = new_array(tmp_path / "a.npy", np.float32, (1000, 64))
    # 1000 x 64 x 4 bytes; st_blocks counts 512 bytes each, and a sparse file has next to none.
    assert (tmp_path / "a.npy").stat().st_blocks * 512 >= 256_000
    array[:] = 1
    array.flush()
    assert np.load(tmp_path / "a.npy", allow_pickle=False).sum() == 64_000


def test_an_array_without_rows_is_a_file_all_the_same(tmp_path: Path) -> None:
    new_array(tmp_path / "a.npy", np.int32, (0, 3))
    assert np.load(tmp_path / "a.npy", allow_pickle=False).shape == (0, 3)


def test_a_file_appears_at_the_end(tmp_path: Path) -> None:
    with new_file(tmp_path / "file") as work:
        work.write_bytes(b"x")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"x"
    assert names(tmp_path) == ["file"]


def test_a_failure_leaves_the_former_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("old")
    with pytest.raises(ZeroDivisionError), new_file(tmp_path / "file") as work:
        work.write_text("x")
        _ = 1 / 0
    assert (tmp_path / "file").read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_flush_that_fails_names_the_file_and_leaves_the_former_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fails(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(OSError, match=r"Input/output error: '.*a\.txt~'"), new_file(path) as made:
        made.write_text("new")
    assert [one.read_text() for one in tmp_path.iterdir()] == ["old"]
