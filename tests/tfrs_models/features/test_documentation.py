"""The examples of `docs/features.md` work as they stand."""

import re
from pathlib import Path

import pytest
import yaml
from support.datasets import make_dataset

from configs.features import FeaturesConfig
from tfrs_models.features.encode import encode_tables
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.fit import fit_features

PAGE = (Path(__file__).parents[3] / "docs" / "features.md").read_text(encoding="utf-8")


def _block(language: str) -> str:
    [first, *_] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(first)


def test_yaml_example_is_a_valid_configuration() -> None:
    config = FeaturesConfig.model_validate(yaml.safe_load(_block("yaml"))["features"])
    assert config.item["photo"].type == "vector"


def test_own_type_encodes_by_its_dotted_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my_features").mkdir()
    (tmp_path / "my_features" / "text_length.py").write_text(_block("python"), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    items = {"a": {"title": "four"}, "b": {"title": "eighteen"}, "c": {"title": None}}
    dataset = make_dataset(tmp_path / "dataset", ["u"] * 3, list(items), items=items)
    feature = {"type": "my_features.text_length", "column": "title"}
    config = {"item": {"item_id": {"type": "categorical"}, "length": feature}}
    spec = fit_features(FeaturesConfig.model_validate(config), dataset, tmp_path / "spec")
    tables = encode_tables(FeatureEncoder(spec), dataset, tmp_path / "encoded")
    # The longest title has 8 characters.
    assert tables.item["length"].ravel().tolist() == [0.0, 0.0, 0.5, 1.0, 0.0]
