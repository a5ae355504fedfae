"""The systems of `time_to_quality.py`: each trains in its own way, all are measured in one."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from curves import Course, Curve
from numpy.typing import NDArray
from retrieval_runs import Listener, open_material, training_pairs
from tutorial import names, new_tutorial, tutorial_batches

from configs.run import RunConfig
from tfrs_models.backend import tf
from tfrs_models.data.dataset import learn_validation
from tfrs_models.evaluation.queries import Queries
from tfrs_models.models.two_tower import TwoTower
from trainers.evaluation import test_queries
from trainers.retrieval import (
    Material,
    fit_two_tower,
    initialize,
    new_batches,
    new_two_tower,
    retrieve,
    search,
)
from trainers.run import make_deterministic
from trainers.validation import mean_metric

K = 20
TUTORIAL_BATCH = 8192
IALS = {"regularization": 10.0, "alpha": 10.0}
BPR = {"learning_rate": 0.03, "regularization": 0.005}
Recall = Callable[[NDArray[np.float32], NDArray[np.float32]], float]
"""Vectors by user row, float32 [num_users, W], and by item row, float32 [num_items, W]."""
Rival = Callable[[Material, int, Recall], Curve]
"""What to learn from, passes over it, and how to measure."""


def ours(config: RunConfig, work: Path) -> Curve:
    """The preset, trained for all its epochs by the loop of `tfrs train`."""
    make_deterministic(config.seed)
    material, queries = open_split(config, work)
    training = config.retrieval.training
    training = training.model_copy(update={"evaluate_every_epochs": 1, "patience": training.epochs})
    folder = work / "ours"
    course = Course()
    model = new_two_tower(material)
    batches = new_batches(model, material)

    def evaluate() -> float:
        return course.record(lambda: recall_of_lists(_lists(model, material, queries), queries))

    listener = Listener(folder, lambda _: None)
    start = partial(initialize, model, material, batches.positives)
    fit_two_tower(model, batches, material, training, evaluate, folder, listener, start)
    return course.curve


def _lists(model: TwoTower, material: Material, queries: Queries) -> NDArray[np.int32]:
    return retrieve(model, material, queries, K, material.dataset.num_items)


def tutorial(material: Material, epochs: int, recall: Recall) -> Curve:
    """Adagrad at 0.1, in-batch negatives of batches of 8192."""
    dataset = material.dataset
    users, items = map(names, training_pairs(dataset))
    all_users, all_items = (
        tf.constant(names(np.arange(rows))) for rows in (dataset.num_users, dataset.num_items)
    )
    course = Course()
    model = new_tutorial(users, items, material.config.retrieval.embedding_dim, "adagrad")
    batches = tutorial_batches(users, items, TUTORIAL_BATCH)
    for _ in range(epochs):
        model.fit(batches, verbose=0)
        course.record(
            lambda: recall(
                model.query_model(all_users).numpy(), model.candidate_model(all_items).numpy()
            )
        )
    return course.curve


def ials(material: Material, iterations: int, recall: Recall) -> Curve:
    """Alternating least squares of `implicit`."""
    from implicit.als import AlternatingLeastSquares  # codespell:ignore als

    return _implicit(partial(AlternatingLeastSquares, **IALS), material, iterations, recall)


def bpr(material: Material, iterations: int, recall: Recall) -> Curve:
    """Bayesian personalised ranking of `implicit`."""
    from implicit.bpr import BayesianPersonalizedRanking

    return _implicit(partial(BayesianPersonalizedRanking, **BPR), material, iterations, recall)


def _implicit(
    new: Callable[..., Any],
    material: Material,
    iterations: int,
    recall: Recall,
) -> Curve:
    from scipy.sparse import csr_matrix
    from threadpoolctl import threadpool_limits

    dataset = material.dataset
    pairs = training_pairs(dataset)
    shape = (dataset.num_users, dataset.num_items)
    taken = csr_matrix((np.ones(len(pairs[0]), np.float32), pairs), shape)
    dim, seed = material.config.retrieval.embedding_dim, material.config.seed
    with threadpool_limits(1, "blas"):  # its own threads do the work
        course = Course()
        model = new(factors=dim, iterations=iterations, random_state=seed, use_gpu=False)

        def measure(*_: object) -> None:
            course.record(lambda: recall(model.user_factors, model.item_factors))

        model.fit(taken, show_progress=False, callback=measure)
    return course.curve


def open_split(config: RunConfig, work: Path) -> tuple[Material, Queries]:
    """The whole of train.txt to learn from, and the queries of test.txt."""
    material = open_material(config, work)
    material = replace(material, dataset=learn_validation(material.dataset))
    return material, test_queries(material)


def recall_of_lists(lists: NDArray[np.int32], queries: Queries) -> float:
    """Mean recall@20 of lists: int32 [Q, 20]."""
    return mean_metric(lists, queries, "recall", K)


def run_rival(rival: Rival, config: RunConfig, work: Path, passes: int) -> Curve:
    """Train one rival."""
    material, queries = open_split(config, work)

    def recall(users: NDArray[np.float32], items: NDArray[np.float32]) -> float:
        lists = search(users[queries.user], items, material, queries, K)
        return recall_of_lists(lists, queries)

    return rival(material, passes, recall)
