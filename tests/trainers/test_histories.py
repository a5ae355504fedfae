"""Histories of queries against the encoder that a server uses, on the same events."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset
from support.training import ids_of, make_material

from configs.evaluation import EvaluationConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import TEST, TRAIN, PreparedDataset
from tfrs_models.evaluation.queries import Queries, build_queries
from tfrs_models.features.encoder import FeatureEncoder
from tfrs_models.features.history import HistorySpec
from trainers.histories import encoded_histories

TYPES = ("view", "buy")
CONFIG = EvaluationConfig()
# "late" and "later" come after the training events, so they are not known. Each user has a target.
EVENTS = [
    *[("ann", item, 10 * place, TRAIN) for place, item in enumerate("abcde")],
    ("bob", "b", 3, TRAIN),
    ("bob", "b", 5, TRAIN),
    ("bob", "c", 5, TRAIN),
    ("ann", "late", 100, 1),
    ("ann", "a", 107, 1),
    ("bob", "later", 100, 1),
    ("ann", "f", 1_000, TEST),
    ("bob", "f", 2_000, TEST),
    ("new", "f", 3_000, TEST),
]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    user, item, time, split = zip(*EVENTS, strict=True)
    made = make_dataset(tmp_path_factory.mktemp("data"), user, item, time, split)
    types = np.arange(len(EVENTS), dtype=np.int8) % 2
    return replace(made, event_types=TYPES, events=replace(made.events, type=types))


@pytest.fixture(scope="module")
def encoder(dataset: PreparedDataset, tmp_path_factory: pytest.TempPathFactory) -> FeatureEncoder:
    history = {"max_length": 3, "event_types": True, "time_gaps": True}
    folder = tmp_path_factory.mktemp("features")
    return make_material(dataset, folder, features={"history": history})[1]


@pytest.fixture
def queries(dataset: PreparedDataset) -> Queries:
    return build_queries(dataset, TEST, CONFIG, 0)


def served(encoder: FeatureEncoder, dataset: PreparedDataset, queries: Queries) -> dict[str, Any]:
    """The same histories as raw values, padded in front."""
    names, events = ids_of(dataset, "item"), dataset.events
    width = int(queries.history.lengths.max())
    raw: dict[str, list[Any]] = {"history": [], "history_type": [], "history_time": []}
    for query in range(len(queries)):
        rows = queries.events.take(np.array([query])).items
        space = width - len(rows)
        raw["history"].append([""] * space + [names[row] for row in events.item[rows]])
        raw["history_type"].append([""] * space + [TYPES[code] for code in events.type[rows]])
        raw["history_time"].append([-1] * space + (events.time[rows] // 1_000_000).tolist())
    tensors = {name: tf.constant(values) for name, values in raw.items()}
    tensors["history_time"] = tf.cast(tensors["history_time"], tf.int64)
    tensors["timestamp"] = tf.constant(queries.time // 1_000_000)
    return {name: column.numpy() for name, column in encoder.encode_history(tensors).items()}


def test_histories_equal_what_a_server_encodes(
    encoder: FeatureEncoder, dataset: PreparedDataset, queries: Queries
) -> None:
    found = encoded_histories(dataset, queries, encoder.spec.history)
    expected = served(encoder, dataset, queries)
    assert found.keys() == expected.keys() == {"history", "history_type", "history_gap"}
    for name, column in expected.items():
        np.testing.assert_array_equal(found[name], column, err_msg=name, strict=True)


def test_the_most_recent_known_items_are_kept_oldest_first(
    dataset: PreparedDataset, queries: Queries
) -> None:
    names = ids_of(dataset, "item")
    found = encoded_histories(dataset, queries, HistorySpec(3))["history"]
    lists = [[names[row] for row in history if row] for history in found]
    # ann's a b c d e, the unknown item and a again; repeats are kept.
    assert lists == [["d", "e", "a"], ["b", "b", "c"], []]


def test_a_shorter_history_fills_from_the_left(dataset: PreparedDataset, queries: Queries) -> None:
    found = encoded_histories(dataset, queries, HistorySpec(5))["history"]
    assert (found[1] > 0).tolist() == [True, True, True, False, False]


def test_the_last_gap_reaches_to_the_request(dataset: PreparedDataset, queries: Queries) -> None:
    found = encoded_histories(dataset, queries, HistorySpec(3, time_gaps=True))["history_gap"]
    # ann: d at 30, e at 40, a at 107, the request at 1000: 10, 67 and 893 s.
    assert found[0].tolist() == [5, 8, 11]


def test_without_a_length_there_is_no_history(dataset: PreparedDataset, queries: Queries) -> None:
    assert encoded_histories(dataset, queries, HistorySpec(0)) == {}


def test_chosen_queries_keep_their_events(dataset: PreparedDataset, queries: Queries) -> None:
    spec = HistorySpec(3, TYPES, time_gaps=True)
    whole = encoded_histories(dataset, queries, spec)
    part = encoded_histories(dataset, queries.take(np.array([2, 0])), spec)
    for name, column in part.items():
        np.testing.assert_array_equal(column, whole[name][[2, 0]])
