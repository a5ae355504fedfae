import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from configs.errors import ArtifactError
from tfrs_models.features.spec import FeatureSpec, RawInput


@pytest.fixture
def folder(world: Any, tmp_path: Path) -> Path:
    world.spec.save(tmp_path / "spec")
    return tmp_path / "spec"


def test_json_tells_a_server_what_to_feed(folder: Path) -> None:
    raw = json.loads((folder / "spec.json").read_text())["raw_inputs"]
    expected = {"dtype": "float32", "width": 3, "separator": None, "missing": "nan"}
    assert {"name": "embedding", "table": "item", **expected} in raw


def test_features_that_share_a_column_share_the_raw_input(world: Any) -> None:
    names = [raw.name for raw in world.spec.raw_inputs]
    assert len(names) == len(set(names))
    assert RawInput("title", "item", "string", 0, " ") in world.spec.raw_inputs


def test_select_takes_the_features_of_a_stage(world: Any) -> None:
    import dataclasses

    ranking = dataclasses.replace(world.spec.feature("log"), stages=("ranking",))
    spec = dataclasses.replace(world.spec, features=(ranking, world.spec.feature("user_id")))
    assert spec.select("ranking", "item") == (ranking,)
    assert spec.select("retrieval", "item") == ()


def test_changed_vocabulary_is_noticed(folder: Path) -> None:
    (folder / "vocabularies" / "categorical.txt").write_text("other\n")
    with pytest.raises(ArtifactError, match=r"categorical\.txt .*changed"):
        FeatureSpec.load(folder)


def test_lost_vocabulary_is_noticed(folder: Path) -> None:
    shutil.rmtree(folder / "vocabularies")
    with pytest.raises(ArtifactError, match="missing"):
        FeatureSpec.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}'])
def test_spoilt_spec_is_refused(folder: Path, text: str) -> None:
    (folder / "spec.json").write_text(text)
    with pytest.raises(ArtifactError, match=r"spec\.json"):
        FeatureSpec.load(folder)


def test_missing_spec_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="Fit the features again"):
        FeatureSpec.load(tmp_path)


def test_fingerprint_follows_the_vocabulary(folder: Path) -> None:
    spec = FeatureSpec.load(folder)
    before = spec.fingerprint
    spec.vocabulary("categorical").write_text("other\n")
    assert spec.fingerprint != before
