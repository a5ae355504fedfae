from pathlib import Path
from typing import Any

import pytest
from support.datasets import make_dataset

from configs.errors import ConfigError, DataError
from configs.features import FeaturesConfig
from tfrs_models.data.dataset import TEST, TRAIN, VALIDATION, PreparedDataset
from tfrs_models.features.feature_type import Output
from tfrs_models.features.fit import default_embedding_dim, fit_features
from tfrs_models.features.spec import FeatureSpec

ITEMS = {
    "a": {"price": 1.0, "title": "red", "tags": ["x", "y"], "photo": [1.0, 2.0], "year": 1999},
    "b": {"price": 3.0, "title": "blue", "tags": ["y"], "photo": [1.0, 0.0], "year": 2001},
}
LATER = {"z": {"price": 1e6, "title": "never", "tags": ["new"] * 9, "photo": None, "year": 2100}}
FEATURES = {
    "title": {"type": "categorical"},
    "tags": {"type": "multi_valued"},
    "price": {"type": "numeric", "clip_quantiles": [0.0, 1.0]},
    "price_group": {"type": "bucketised", "column": "price", "quantiles": 2},
    "price_rank": {"type": "numeric", "column": "price", "transform": "quantile"},
    "photo": {"type": "vector", "width": 2},
}


def _config(item: Any = None, **other: Any) -> FeaturesConfig:
    items = {"item_id": {"type": "categorical"}, **(item or {})}
    return FeaturesConfig.model_validate({"item": items, **other})


def _dataset(folder: Path, items: Any = ITEMS) -> PreparedDataset:
    return make_dataset(folder, ["u", "v"], ["a", "b"], [10, 20], items=items)


def test_items_outside_the_vocabulary_change_nothing(tmp_path: Path) -> None:
    config = _config(FEATURES)
    without = fit_features(config, _dataset(tmp_path / "d1"), tmp_path / "s1")
    later = fit_features(config, _dataset(tmp_path / "d2", {**ITEMS, **LATER}), tmp_path / "s2")
    assert later == without
    assert later.fingerprint == without.fingerprint


@pytest.mark.parametrize("split", [VALIDATION, TEST])
def test_events_after_the_cut_change_nothing(tmp_path: Path, split: int) -> None:
    context = {
        "hour": {"type": "timestamp", "column": "timestamp", "part": "hour"},
        "age": {"type": "timestamp", "column": "timestamp", "part": "age"},
        "rating": {"type": "numeric", "column": "value"},
    }
    config = _config(context=context)
    before = make_dataset(tmp_path / "d1", ["u", "v"], ["a", "b"], [10, 20], value=[1, 2])
    after = make_dataset(
        tmp_path / "d2",
        ["u", "v", "u"],
        ["a", "b", "b"],
        [10, 20, 99],
        [TRAIN, TRAIN, split],
        value=[1, 2, 50],
    )
    one, two = (
        fit_features(config, before, tmp_path / "s1"),
        fit_features(config, after, tmp_path / "s2"),
    )
    assert one == two
    assert one.feature("age").state == {"reference": 20}


def test_ids_of_users_and_items_are_the_rows_of_the_dataset(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path / "d")
    spec = fit_features(_config(), dataset, tmp_path / "s")
    assert spec.vocabulary("item_id").read_text() == "a\nb\n"
    assert spec.num_item_ids == dataset.known_items


def test_embedding_dim_follows_the_number_of_ids() -> None:
    # 1.6 * 10^0.56 = 5.81; 1.6 * 10000^0.56 = 278, more than 64.
    assert default_embedding_dim(Output("ids", 1, 10)) == 6
    assert default_embedding_dim(Output("ids", 1, 10_000)) == 64


def test_declared_embedding_dim_is_kept(tmp_path: Path) -> None:
    config = _config({"title": {"type": "categorical", "embedding_dim": 5}})
    spec = fit_features(config, _dataset(tmp_path / "d"), tmp_path / "s")
    assert spec.feature("title").embedding_dim == 5


def test_spec_survives_its_folder(tmp_path: Path) -> None:
    config = _config(FEATURES, crosses={"both": {"of": ["title", "tags"]}})
    spec = fit_features(config, _dataset(tmp_path / "d"), tmp_path / "s")
    copy = spec.save(tmp_path / "copy")
    assert FeatureSpec.load(tmp_path / "copy") == spec
    assert copy.vocabulary("title").read_text() == "blue\nred\n"


def test_fitting_again_replaces_the_folder(tmp_path: Path) -> None:
    dataset = _dataset(tmp_path / "d")
    fit_features(_config({"title": {"type": "categorical"}}), dataset, tmp_path / "s")
    fit_features(_config(), dataset, tmp_path / "s")
    names = sorted(path.name for path in (tmp_path / "s" / "vocabularies").iterdir())
    assert names == ["item_id.txt", "user_id.txt"]


def test_column_that_is_not_there_names_the_nearest(tmp_path: Path) -> None:
    config = _config({"price": {"type": "numeric", "column": "prise"}})
    with pytest.raises(
        ConfigError, match=r"`price` .*`prise` of `items.parquet`.*`price`\?.*title"
    ):
        fit_features(config, _dataset(tmp_path / "d"), tmp_path / "s")


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (
            {"type": "numeric", "column": "title"},
            r"`x` \(numeric\).*`title`.*string.*needs numbers",
        ),
        ({"type": "categorical", "column": "tags"}, "list"),
        ({"type": "timestamp", "column": "title", "part": "hour"}, "times or whole seconds"),
        ({"type": "vector", "column": "price", "width": 2}, "lists of 2 numbers"),
        ({"type": "vector", "column": "photo", "width": 3}, "width: 3"),
    ],
)
def test_column_of_another_kind_is_refused(
    tmp_path: Path, feature: dict[str, Any], words: str
) -> None:
    from tfrs_models.features.encode import encode_tables
    from tfrs_models.features.encoder import FeatureEncoder

    dataset = _dataset(tmp_path / "d")
    with pytest.raises(DataError, match=words):
        spec = fit_features(_config({"x": feature}), dataset, tmp_path / "s")
        encode_tables(FeatureEncoder(spec), dataset, tmp_path / "e")


def test_failed_fit_leaves_nothing(tmp_path: Path) -> None:
    config = _config({"price": {"type": "numeric"}}, crosses={"c": {"of": ["price", "item_id"]}})
    with pytest.raises(ConfigError, match="`price`, which does not encode to ids"):
        fit_features(config, _dataset(tmp_path / "d"), tmp_path / "s")
    assert [path.name for path in tmp_path.iterdir()] == ["d"]


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"crosses": {"c": {"of": ["user_id", "item"]}}}, "Did you mean `item_id`"),
        ({"user": {"user_id": {"type": "hashed"}}}, "data.min_user_events"),
        ({"user": {"user_id": {"type": "categorical", "min_count": 2}}}, "data.min_user_events"),
        ({"context": {"a b": {"type": "hashed"}}}, "a b"),
        (
            {
                "context": {
                    "x": {"type": "numeric"},
                    "y": {"type": "categorical", "column": "x"},
                }
            },
            "`x` .numeric. and `y` .categorical. read the column `x`",
        ),
        (
            {
                "context": {
                    "x": {"type": "multi_valued"},
                    "y": {"type": "multi_valued", "column": "x", "separator": ","},
                }
            },
            "different ways",
        ),
    ],
)
def test_contradicting_settings_are_refused(config: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        FeaturesConfig.model_validate(config)


NEW_ITEMS = {
    "c": {"price": 500.0, "title": "green", "tags": ["z", "x", "y", "w"], "photo": [9.0, 9.0]},
    "d": {"price": 700.0, "title": "green", "tags": ["z"], "photo": [9.0, 9.0]},
}


@pytest.fixture
def grown(tmp_path: Path) -> tuple[FeatureSpec, FeatureSpec]:
    """A spec, and one that continues it on twice as many items."""
    config = _config(FEATURES)
    former = fit_features(config, _dataset(tmp_path / "d1"), tmp_path / "s1")
    users, items = ["u", "v", "u", "v"], ["a", "b", "c", "d"]
    dataset = make_dataset(tmp_path / "d2", users, items, [10, 20, 30, 40], items=ITEMS | NEW_ITEMS)
    return former, fit_features(config, dataset, tmp_path / "s2", former)


def test_a_continued_vocabulary_grows_at_its_end(grown: tuple[FeatureSpec, FeatureSpec]) -> None:
    former, spec = grown
    # By count alone `green` and `z` would come first.
    titles = spec.vocabulary("title").read_text().splitlines()
    assert titles[:2] == former.vocabulary("title").read_text().splitlines()
    assert titles[2:] == ["green"]
    assert spec.feature("title").output.num_ids == former.feature("title").output.num_ids + 1
    tags = spec.vocabulary("tags").read_text().splitlines()
    assert tags[:2] == ["y", "x"]
    assert set(tags[2:]) == {"w", "z"}


def test_a_continued_spec_keeps_statistics_and_widths(
    grown: tuple[FeatureSpec, FeatureSpec],
) -> None:
    former, spec = grown
    for name in ("price", "price_group", "price_rank", "photo"):
        assert spec.feature(name) == former.feature(name), name
    assert spec.feature("tags").output.width == former.feature("tags").output.width
    assert [f.embedding_dim for f in spec.features] == [f.embedding_dim for f in former.features]


def test_a_continued_spec_is_whole(grown: tuple[FeatureSpec, FeatureSpec]) -> None:
    _, spec = grown
    assert FeatureSpec.load(spec.folder) == spec
