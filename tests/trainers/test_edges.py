"""Data and settings at the edge of what makes sense: each trains, or says what is wrong."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.datasets import make_dataset
from support.tastes import tastes
from support.training import checkpoint, make_material, quiet_watch

from configs import plugins
from configs.errors import DataError
from tfrs_models.backend import tf
from tfrs_models.data.dataset import TEST, TRAIN, UNKNOWN_ROW, VALIDATION, PreparedDataset
from tfrs_models.evaluation.cold_start import as_new_users
from tfrs_models.evaluation.queries import build_queries
from tfrs_models.models.two_tower import TwoTower
from trainers.loop import Fit
from trainers.ranking.requests import requests_for
from trainers.ranking.windows import window_of_test
from trainers.retrieval import (
    Material,
    new_batches,
    new_two_tower,
    query_inputs,
    retrieve,
    train_retrieval,
)

NO_HISTORY = {"history": {"max_length": 0}}
every_source = pytest.mark.parametrize("source", plugins.names("negatives"))


def one_item(folder: Path) -> PreparedDataset:
    """Two users have taken the only item; a third takes it in the validation split."""
    return make_dataset(folder, [*"uvw"], [*"aaa"], split=[TRAIN, TRAIN, VALIDATION])


def train(material: Material, folder: Path) -> tuple[TwoTower, Fit]:
    return train_retrieval(material, folder, quiet_watch(folder))


@every_source
def test_a_catalogue_of_one_item_trains(source: str, tmp_path: Path) -> None:
    """All negatives are the user's own item, or none."""
    retrieval = {"negatives": {"type": source}, "training": {"epochs": 2, "patience": 2}}
    material, _ = make_material(
        one_item(tmp_path / "data"), tmp_path, features=NO_HISTORY, retrieval=retrieval
    )
    _, fitted = train(material, tmp_path / "retrieval")
    assert (fitted.epochs, fitted.best) == (2, 1.0)
    assert np.isfinite([record["loss"] for record in fitted.curve]).all()


@every_source
@pytest.mark.parametrize("loss", plugins.names("loss"))
def test_a_loss_without_a_negative_has_finite_gradients(
    source: str, loss: str, tmp_path: Path
) -> None:
    retrieval = {"negatives": {"type": source}, "loss": {"type": loss}}
    material, _ = make_material(
        one_item(tmp_path / "data"), tmp_path, features=NO_HISTORY, retrieval=retrieval
    )
    model = new_two_tower(material)
    batches = new_batches(model, material)
    batch = batches.batch(tf.constant(0, tf.int64), batches.data(0)[0])
    assert not batch["usable"].numpy().any()
    with tf.GradientTape() as tape:
        value = model.compute_loss(batch, training=True)
    gradients = tape.gradient(value, model.trainable_variables)
    found = [tf.convert_to_tensor(g).numpy() for g in gradients if g is not None]
    assert found
    assert all(np.isfinite(values).all() for values in (value, *found))


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> PreparedDataset:
    """75 users with 6 training events, 5 without any; 81 items or so."""
    return tastes(tmp_path_factory.mktemp("groups"))


def test_a_batch_larger_than_the_data_is_one_step_an_epoch(
    groups: PreparedDataset, tmp_path: Path
) -> None:
    training = {"epochs": 2, "batch_size": 1_000_000, "patience": 2}
    material, _ = make_material(groups, tmp_path, retrieval={"training": training})
    model, fitted = train(material, tmp_path / "retrieval")
    assert (int(model.optimizer.iterations), fitted.epochs) == (2, 2)


def test_a_step_size_that_breaks_the_model_is_named_and_leaves_the_best_weights(
    groups: PreparedDataset, tmp_path: Path
) -> None:
    training = {"embedding_optimizer": "sgd", "embedding_learning_rate": 1e38, "batch_size": 20}
    material, _ = make_material(groups, tmp_path, retrieval={"training": training})
    with pytest.raises(DataError, match=r"after step \d+.*learning_rate.*clip_norm.*precision"):
        train(material, tmp_path / "retrieval")
    best = checkpoint(tmp_path / "retrieval" / "best")
    assert all(np.isfinite(value).all() for value in best.values())


@pytest.fixture(scope="module")
def untrained(
    groups: PreparedDataset, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Material, Any]:
    folder = tmp_path_factory.mktemp("untrained")
    return make_material(groups, folder, ranking={"candidates": 500})


def test_lists_longer_than_the_catalogue_end_with_empty_places(
    untrained: tuple[Material, Any],
) -> None:
    material, _ = untrained
    dataset = material.dataset
    queries = build_queries(dataset, TEST, material.config.evaluation, 0)
    model = new_two_tower(material)
    lists = retrieve(model, material, queries, 500, dataset.num_items)
    left = dataset.num_items - 2 - queries.seen.lengths
    assert ((lists > 0).sum(axis=1) == left).all()
    assert all((row[:number] > 0).all() for row, number in zip(lists, left, strict=True))
    listed = requests_for(model, window_of_test(material), queries, 500, extra=False)
    np.testing.assert_array_equal(listed.lists, lists)


def test_users_without_a_history_get_one_list(untrained: tuple[Material, Any]) -> None:
    material, _ = untrained
    queries = build_queries(material.dataset, TEST, material.config.evaluation, 0)
    new = queries.take(np.flatnonzero(queries.history.lengths == 0))
    lists = retrieve(new_two_tower(material), material, new, 10, material.dataset.num_items)
    assert len(lists) == 5
    assert (lists == lists[0]).all()
    assert (lists > 0).all()


def test_a_new_user_of_the_cold_start_is_a_stranger_with_a_few_events(tmp_path: Path) -> None:
    """u is known, 30 years old and has 12 events; the history holds 3 at most."""
    users: Mapping[str, Any] = {"u": {"age": 30.0}, "v": {"age": 40.0}}
    data = make_dataset(
        tmp_path / "data",
        [*"u" * 12, "v", "u"],
        [*"abcdefghijkl", "m", "m"],
        split=[TRAIN] * 13 + [TEST],
        users=users,
    )
    of_user = {"user_id": {"type": "categorical"}, "age": {"type": "numeric"}}
    material, encoder = make_material(data, tmp_path, features={"user": of_user})
    queries = build_queries(data, TEST, material.config.evaluation, 0)
    found = query_inputs(material, as_new_users(queries, 0), "retrieval")
    raw = {"user_id": tf.constant(["x"]), "age": tf.constant([np.nan])}
    stranger = encoder.encode("user", raw)
    for name in of_user:
        assert (found[name] == stranger[name].numpy()).all()
    assert (found["user_id"] == UNKNOWN_ROW).all()
    # Known by 0, 1, 3 and 10 events; the rows of j, k and l are 11, 12 and 13.
    assert found["history"].tolist() == [[0, 0, 0], [13, 0, 0], [11, 12, 13], [11, 12, 13]]
