from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from support.datasets import make_dataset

from configs.errors import DataError
from configs.evaluation import EvaluationConfig
from configs.features import FeaturesConfig
from configs.reranking import RerankingConfig
from tfrs_models.data.dataset import TEST, TRAIN, PreparedDataset
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.evaluation.reranked import (
    as_served,
    dataset_catalogue,
    directions,
    rerank_lists,
)
from tfrs_models.features.fit import fit_features
from tfrs_models.features.spec import FeatureSpec
from tfrs_models.reranking.chain import Chain, open_chain
from tfrs_models.reranking.needs import Needs

DAY = 86_400
# Rows by id: a 2, b 3, c 4, new 5. u likes a, then new; v likes b, c and b, then a.
KINDS = {"a": {"kind": "x|y"}, "b": {"kind": "x"}, "c": {"kind": None}}


@pytest.fixture
def dataset(tmp_path: Path) -> PreparedDataset:
    return make_dataset(
        tmp_path / "dataset",
        ["u", "u", "v", "v", "v", "v"],
        ["a", "new", "b", "c", "b", "a"],
        time=[0, 9 * DAY, 0, DAY, 2 * DAY, 8 * DAY],
        split=[TRAIN, TEST, TRAIN, TRAIN, TRAIN, TEST],
        items=KINDS,
    )


@pytest.fixture
def spec(dataset: PreparedDataset, tmp_path: Path) -> FeatureSpec:
    config = FeaturesConfig.model_validate(
        {"item": {"item_id": {"type": "categorical"}, "kind": {"type": "multi_valued"}}}
    )
    return fit_features(config, dataset, tmp_path / "features")


@pytest.fixture
def queries(dataset: PreparedDataset) -> Queries:
    return build_queries(dataset, TEST, EvaluationConfig(), 0)


def chain(*steps: dict[str, object]) -> Chain:
    return open_chain(RerankingConfig.model_validate({"steps": list(steps)}))


def test_popularity_counts_training_events(dataset: PreparedDataset, spec: FeatureSpec) -> None:
    popularity = dataset_catalogue(dataset, spec, Needs(popularity=True)).popularity
    assert popularity is not None
    assert popularity.tolist() == [1, 2, 1, 0]


def test_joined_values_are_taken_apart(dataset: PreparedDataset, spec: FeatureSpec) -> None:
    kinds = dataset_catalogue(dataset, spec, Needs(columns=frozenset({"kind"}))).columns["kind"]
    assert kinds.lengths.tolist() == [2, 1, 0, 0]


def test_an_item_first_seen_later_than_the_query_has_no_age(
    dataset: PreparedDataset, spec: FeatureSpec
) -> None:
    catalogue = dataset_catalogue(dataset, spec, Needs(times=frozenset({"first_event"})))
    ages = catalogue.candidates(np.arange(4), np.zeros(4), now=8.0 * DAY).ages["first_event"]
    np.testing.assert_array_equal(ages, [8, 8, 7, np.nan])


def test_steps_that_need_embeddings_say_so(dataset: PreparedDataset, spec: FeatureSpec) -> None:
    with pytest.raises(DataError, match="`embeddings` must be given, received None"):
        dataset_catalogue(dataset, spec, Needs(vectors=True))


def test_the_prior_is_no_part_of_a_direction() -> None:
    assert directions(np.array([[1, 2, 9]], np.float32)).tolist() == [[1, 2]]


def test_lists_are_sorted_and_cut_without_steps(
    dataset: PreparedDataset, spec: FeatureSpec, queries: Queries
) -> None:
    empty = chain()
    catalogue = dataset_catalogue(dataset, spec, empty.needs)
    lists = np.array([[2, 3, 4], [5, 4, 0]], np.int32)
    scores = np.array([[1, 3, 2], [7, 8, np.nan]])
    found = rerank_lists(empty, catalogue, lists, scores, queries, 2)
    assert found.tolist() == [[3, 4], [4, 5]]
    assert found.dtype == np.int32


def test_a_list_that_runs_out_ends_with_0(
    dataset: PreparedDataset, spec: FeatureSpec, queries: Queries
) -> None:
    rules = {"exclude": [{"column": "kind", "value": "y"}]}
    steps = chain({"type": "rules", "options": rules})
    catalogue = dataset_catalogue(dataset, spec, steps.needs)
    lists = np.array([[2, 3, 4], [5, 2, 0]], np.int32)
    found = rerank_lists(steps, catalogue, lists, np.zeros((2, 3)), queries, 4)
    assert found.tolist() == [[3, 4, 0, 0], [5, 0, 0, 0]]


def test_each_query_has_its_own_history(
    dataset: PreparedDataset, spec: FeatureSpec, queries: Queries
) -> None:
    # u liked {x, y}, v liked {x} twice and c, of which nothing is known: a is u's, b is v's.
    options = {"column": "kind", "relevance": 0}
    steps = chain({"type": "calibrated", "options": options})
    catalogue = dataset_catalogue(dataset, spec, steps.needs)
    lists = np.array([[3, 2], [2, 3]], np.int32)
    found = rerank_lists(steps, catalogue, lists, np.zeros((2, 2)), queries, 1)
    assert found.tolist() == [[2], [3]]


def test_a_served_history_holds_the_latest_known_items(
    dataset: PreparedDataset, spec: FeatureSpec, queries: Queries
) -> None:
    # v liked b, c, b. With c (row 4) unknown and two places: b, b; with one: b.
    fewer = replace(dataset, known_items=4)
    for length, expected in ((2, [3, 3]), (1, [3]), (0, [])):
        short = replace(spec, history=replace(spec.history, length=length))
        assert (
            as_served(queries, fewer, short).take(np.array([1])).history.items.tolist() == expected
        )
