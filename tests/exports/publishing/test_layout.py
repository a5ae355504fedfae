from pathlib import Path

import pytest

from configs.errors import ArtifactError, ConfigError
from exports.publishing.layout import model_folder, model_names, only_name, version_folders

FILES = ("models.config", "batching_parameters.txt")


@pytest.mark.parametrize("name", ["shop", "0", "_a", "a.b-c_D", "x" * 64])
def test_a_plain_name_is_a_folder_of_the_base(tmp_path: Path, name: str) -> None:
    assert model_folder(tmp_path, name) == tmp_path / name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "-a", "a/b", "../a", "/a", "a b", "a\n", "ä", "x" * 65, *FILES],
)
def test_a_name_that_may_lead_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=r"(?s)`name` must be .*; got .*: give another with"):
        model_folder(tmp_path, name)


def test_only_plain_numbers_are_versions(tmp_path: Path) -> None:
    for name in ("1", "12", "0", "01", "1a", "-1", ".unfinished-3", "ledger.json"):
        (tmp_path / name).mkdir()
    assert version_folders(tmp_path) == {1: tmp_path / "1", 12: tmp_path / "12"}


def test_the_only_model_needs_no_name(tmp_path: Path) -> None:
    for name in ("shop", "nothing"):
        (tmp_path / name).mkdir()
    (tmp_path / "shop" / "ledger.json").touch()
    assert only_name(model_names(tmp_path), tmp_path) == "shop"


def test_of_two_models_one_must_be_named(tmp_path: Path) -> None:
    for name in ("b", "a"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "ledger.json").touch()
    with pytest.raises(ArtifactError, match=r"it holds a, b: give NAME"):
        only_name(model_names(tmp_path), tmp_path)


def test_a_base_without_models_says_none(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"it holds none"):
        only_name(model_names(tmp_path / "missing"), tmp_path)
