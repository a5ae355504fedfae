"""How good a model is in a step, user by user, before it may learn the step.

Legend: Q queries, K length of the lists.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from tfrs_models.data.dataset import FIRST_ROW, TEST, PreparedDataset
from tfrs_models.evaluation.queries import Queries, build_queries
from trainers.ranking.lists import ranked
from trainers.retraining.backtest.ground import Ground
from trainers.retraining.backtest.models import begin_anew
from trainers.retraining.backtest.restored import Restored, restored
from trainers.retraining.backtest.schedule import Training
from trainers.retraining.backtest.scores import (
    METRICS,
    RETRIEVAL,
    TWO_STAGE,
    K,
    Scores,
    load_scores,
    save_scores,
)
from trainers.retraining.backtest.steps import Step
from trainers.retraining.gate.scored import score_lists
from trainers.retrieval import candidate_embeddings, query_embeddings, search_among


def score_model(ground: Ground, training: Training, step: Step) -> Scores:
    """Score, unless that was done before.

    Args:
        ground: the common ground.
        training: done before, on nothing of the step.
        step: whose events are to be found.
    """
    path = ground.scores(training, step)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_scores(_scores(ground, training, step), path)
    return load_scores(path)


def _scores(ground: Ground, training: Training, step: Step) -> Scores:
    begin_anew(ground.config.seed)
    ground.scratch.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=ground.scratch) as place:
        found = restored(ground, training, step, Path(place))
        users, queries = step_queries(found)
        metrics = {
            f"{stage}.{name}": values
            for stage, lists in _lists(found, queries).items()
            for name, values in score_lists(lists, queries, METRICS).items()
        }
    order = np.argsort(users)
    return Scores(users[order], {name: values[order] for name, values in metrics.items()})


def step_queries(found: Restored) -> tuple[NDArray[np.object_], Queries]:
    """Raw user ids [Q] and queries of the step, the same for every model.

    Rows of users differ from model to model, so the sample of `evaluation.max_users` is drawn from
    the users in the order of their ids.
    """
    config, dataset = found.material.config, found.material.dataset
    everyone = config.evaluation.model_copy(update={"max_users": None})
    queries = build_queries(dataset, TEST, everyone, config.seed)
    ids = _user_ids(dataset)[queries.user - FIRST_ROW]
    most = config.evaluation.max_users
    if most is None or most >= len(queries):
        return ids, queries
    drawn = np.random.default_rng(config.seed).choice(len(queries), most, replace=False)
    chosen = np.sort(np.argsort(ids)[drawn])
    return ids[chosen], queries.take(chosen)


def _user_ids(dataset: PreparedDataset) -> NDArray[np.object_]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(dataset.folder / "users.parquet") as file:
        return np.array(file.read(["user_id"]).column(0).to_pylist(), object)


def _lists(found: Restored, queries: Queries) -> dict[str, NDArray[np.int32]]:
    """Lists of each stage by exact search: int32 [Q, K]."""
    if not len(queries):  # everybody came back to what they know
        stages = (RETRIEVAL,) if found.ranker is None else (RETRIEVAL, TWO_STAGE)
        return dict.fromkeys(stages, np.zeros((0, K), np.int32))
    if found.ranker is None:
        return {RETRIEVAL: _retrieved(found, queries)}
    answer = ranked(found.ranker, found.two_tower, found.window, queries)
    return {RETRIEVAL: answer.requests.lists[:, :K], TWO_STAGE: answer.lists[:, :K]}


def _retrieved(found: Restored, queries: Queries) -> NDArray[np.int32]:
    model, material = found.two_tower, found.window.material
    of_queries = query_embeddings(model, material, queries)
    of_candidates = candidate_embeddings(model, material)
    return search_among(found.window.listed, of_queries, of_candidates, material, queries, K)
