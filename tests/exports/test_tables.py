from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset

from configs.features import FeaturesConfig
from exports.tables import item_table, user_table
from tfrs_models.data.dataset import TEST, TRAIN, PreparedDataset
from tfrs_models.features.fit import fit_features
from tfrs_models.features.spec import FeatureSpec

# User, item, split and weight of each event, in order of time; `z` is no item of the vocabulary.
EVENTS: list[tuple[str, str, int, float]] = [
    ("u", "a", TRAIN, 1),
    ("u", "b", TRAIN, 0),
    ("u", "c", TRAIN, 2),
    ("u", "a", TRAIN, 1),
    ("u", "z", TEST, 1),
    ("u", "b", TEST, 1),
    ("s", "b", TRAIN, 1),
]


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    user, item, split, weight = zip(*EVENTS, strict=True)
    users = {"visitor": {"age": 3.0}}
    return make_dataset(tmp_path / "dataset", user, item, split=split, weight=weight, users=users)


@pytest.fixture
def spec(dataset: PreparedDataset, tmp_path: Path) -> FeatureSpec:
    config = FeaturesConfig.model_validate({"history": {"max_length": 2}})
    return fit_features(config, dataset, tmp_path / "features")


def row(table: Any, user: str) -> dict[str, Any]:
    return next(r for r in table.to_pylist() if r["user_id"] == user)


def test_a_history_holds_the_latest_known_positives(
    dataset: PreparedDataset, spec: FeatureSpec
) -> None:
    # Positives are a, c, a, z, b; z is unknown; the last two of a, c, a, b are left.
    assert row(user_table(dataset, spec), "u")["history"] == ["a", "b"]


def test_types_and_times_go_with_the_history(dataset: PreparedDataset, tmp_path: Path) -> None:
    typed = replace(
        dataset,
        event_types=("view", "buy"),
        events=replace(dataset.events, type=np.array([0, 0, 0, 0, 0, 0, 1], np.int8)),
    )
    history = {"max_length": 2, "event_types": True, "time_gaps": True}
    config = FeaturesConfig.model_validate({"history": history})
    table = user_table(typed, fit_features(config, typed, tmp_path / "typed"))
    # Events are sorted by user: the last one, the only purchase, is b at 5 s.
    assert row(table, "u")["history"] == ["a", "b"]
    assert row(table, "u")["history_type"] == ["view", "buy"]
    assert row(table, "u")["history_time"] == [3, 5]
    assert row(table, "s")["history_time"] == [6]
    assert row(table, "visitor")["history_type"] == []


def test_seen_holds_each_positive_once(dataset: PreparedDataset, spec: FeatureSpec) -> None:
    assert sorted(row(user_table(dataset, spec), "u")["seen"]) == ["a", "b", "c", "z"]


def test_what_was_shown_and_left_alone_is_not_seen(tmp_path: Path, spec: FeatureSpec) -> None:
    dataset = make_dataset(tmp_path / "other", ["u", "u"], ["a", "b"], weight=[1, 0])
    assert row(user_table(dataset, spec), "u")["seen"] == ["a"]


def test_a_user_without_events_has_empty_lists(dataset: PreparedDataset, spec: FeatureSpec) -> None:
    visitor = row(user_table(dataset, spec), "visitor")
    assert (visitor["history"], visitor["seen"]) == ([], [])


def test_users_are_sorted(dataset: PreparedDataset, spec: FeatureSpec) -> None:
    ids = user_table(dataset, spec).column("user_id").to_pylist()
    assert ids == ["s", "u", "visitor"]


def test_popularity_counts_positive_events(dataset: PreparedDataset, spec: FeatureSpec) -> None:
    items = item_table(dataset, spec).to_pylist()
    counts = {item["item_id"]: item["popularity"] for item in items}
    assert counts == {"a": 2, "b": 2, "c": 1, "z": 1}


def test_a_popularity_of_the_source_stays(tmp_path: Path, spec: FeatureSpec) -> None:
    items = {"a": {"popularity": 77}}
    dataset = make_dataset(tmp_path / "other", ["u"], ["a"], items=items)
    assert item_table(dataset, spec).column("popularity").to_pylist() == [77]


def test_the_first_event_counts_whatever_its_weight(
    dataset: PreparedDataset, spec: FeatureSpec
) -> None:
    # Events happen at 0, 1, ... seconds: b is first shown at 1 and liked at 5.
    items = item_table(dataset, spec).to_pylist()
    assert {item["item_id"]: item["first_event"] for item in items} == {
        "a": 0,
        "b": 1,
        "c": 2,
        "z": 4,
    }


def test_an_item_without_an_event_has_no_first_one(tmp_path: Path, spec: FeatureSpec) -> None:
    dataset = make_dataset(tmp_path / "other", ["u"], ["a"], items={"new": {}})
    assert item_table(dataset, spec).column("first_event").to_pylist() == [0, None]
