from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset
from support.training import make_material

from configs.errors import ConfigError, DataError
from tfrs_models.data.dataset import TRAIN, VALIDATION
from tfrs_models.evaluation.queries import build_queries
from trainers.embeddings import dot_product, embed
from trainers.retrieval import new_two_tower, retrieve, trained_items, validation
from trainers.validation import mean_metric, parse_metric


def dataset(folder: Any, last: str = "d") -> Any:
    """ann takes a, b, c in training; bob takes b, then `last` in the validation split."""
    return make_dataset(
        folder,
        ["ann", "ann", "ann", "bob", "bob"],
        ["a", "b", "c", "b", last],
        split=[TRAIN] * 4 + [VALIDATION],
    )


@pytest.mark.parametrize(
    ("text", "expected"), [("recall@20", ("recall", 20)), ("mrr@1", ("mrr", 1))]
)
def test_a_metric_has_a_name_and_a_length(text, expected):
    assert parse_metric("retrieval", text) == expected


@pytest.mark.parametrize("text", ["recall", "recall@", "recall@0", "recall@-1", "recall@1.5"])
def test_a_metric_needs_a_positive_length(text):
    with pytest.raises(ConfigError, match=rf"`ranking.validation_metric`.*`{text}`.*`recall@20`"):
        parse_metric("ranking", text)


def test_an_unknown_metric_is_refused_with_the_nearest():
    with pytest.raises(ConfigError, match="Did you mean `hit_rate@5`"):
        parse_metric("retrieval", "hitrate@5")


def test_a_metric_is_the_mean_over_the_queries(tmp_path):
    material, _ = make_material(dataset(tmp_path / "data", last="c"), tmp_path)
    queries = build_queries(material.dataset, VALIDATION, material.config.evaluation, 0)
    c = 4  # rows: a, b, c are 2, 3, 4
    assert queries.targets.items.tolist() == [c]
    for lists, expected in (([[c, 2]], 1.0), ([[2, c]], 1.0), ([[2, 3]], 0.0)):
        assert mean_metric(np.array(lists, np.int32), queries, "recall", 2) == expected
    assert mean_metric(np.array([[2, c]], np.int32), queries, "mrr", 2) == 0.5


def test_items_without_training_events_decide_nothing(tmp_path):
    """d comes only in the validation split: it is no candidate while training."""
    material, _ = make_material(dataset(tmp_path / "data"), tmp_path)
    assert trained_items(material.dataset) == 5  # a, b, c; d has row 5
    queries = build_queries(material.dataset, VALIDATION, material.config.evaluation, 0)
    model = new_two_tower(material)
    found = retrieve(model, material, queries, 5, trained_items(material.dataset))
    assert set(found.ravel()) == {0, 2, 4}  # b is seen
    whole = retrieve(model, material, queries, 5, material.dataset.num_items)
    assert set(whole.ravel()) == {0, 2, 4, 5}


def test_a_validation_without_targets_is_an_error_with_the_way_out(tmp_path):
    """bob takes b again, which he has seen: there is no target."""
    material, _ = make_material(dataset(tmp_path / "data", last="b"), tmp_path)
    with pytest.raises(DataError, match=r"`data.split.options`.*`evaluation.exclude_seen: false`"):
        validation(new_two_tower(material), material)


def test_embeddings_of_many_rows_are_computed_in_blocks():
    sizes = []

    def double(columns: Any) -> Any:
        sizes.append(len(columns["a"]))
        return columns["a"] * 2

    rows = np.arange(20_000, dtype=np.float32)[:, np.newaxis]
    np.testing.assert_array_equal(embed(double, {"a": rows}), rows * 2)
    assert sizes == [4096, 4096, 4096, 4096, 3616]


def test_scores_are_inner_products():
    queries = np.array([[1, 2], [3, 4]], np.float32)
    candidates = np.array([[1, 0], [0, 1], [1, 1]], np.float32)
    found = dot_product(queries, candidates)(np.array([1]))
    assert found.tolist() == [[3, 4, 7]]
