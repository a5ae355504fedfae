import os
from pathlib import Path

import pytest

from configs.errors import ArtifactError
from exports.runs import find_bundle, find_run

FILE = "config.json"


def make_run(artifacts: Path, name: str, when: int = 0) -> Path:
    folder = artifacts / "runs" / name
    folder.mkdir(parents=True)
    (folder / FILE).write_text("{}")
    os.utime(folder / FILE, (when, when))
    return folder


def test_a_run_is_found_by_path_by_name_and_without_its_digits(tmp_path):
    folder = make_run(tmp_path, "shop-0123abcd")
    for name in (str(folder), "shop-0123abcd", "shop"):
        assert find_run(tmp_path, name, FILE) == folder


def test_of_runs_with_one_name_the_newest_is_found(tmp_path):
    make_run(tmp_path, "shop-00000000", when=2)
    newest = make_run(tmp_path, "shop-11111111", when=3)
    make_run(tmp_path, "shop-22222222", when=1)
    assert find_run(tmp_path, "shop", FILE) == newest


def test_a_name_with_a_hyphen_is_no_other_name(tmp_path):
    folder = make_run(tmp_path, "my-shop-00000000")
    assert find_run(tmp_path, "my-shop", FILE) == folder
    with pytest.raises(ArtifactError):
        find_run(tmp_path, "my", FILE)


def test_a_run_that_is_not_there_lists_those_that_are(tmp_path):
    make_run(tmp_path, "b-00000000")
    make_run(tmp_path, "a-00000000")
    with pytest.raises(ArtifactError, match="a-00000000, b-00000000"):
        find_run(tmp_path, "shop", FILE)


def test_without_runs_the_error_says_none(tmp_path):
    with pytest.raises(ArtifactError, match=r"there are: none.*tfrs train"):
        find_run(tmp_path, "shop", FILE)


@pytest.fixture
def bundle(tmp_path):
    folder = tmp_path / "runs" / "shop-0a1b2c3d" / "bundle"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    return folder


def test_a_bundle_is_found_by_its_own_path_and_as_its_run_is(tmp_path, bundle):
    for name in (str(bundle), str(bundle.parent), "shop-0a1b2c3d", "shop"):
        assert find_bundle(name, tmp_path) == bundle


def test_a_run_without_bundle_lists_the_runs_that_have_one(tmp_path, bundle):
    make_run(tmp_path, "plain-00000000")
    with pytest.raises(ArtifactError, match=r"no run `plain` .*there are: shop-0a1b2c3d"):
        find_bundle("plain", tmp_path)
