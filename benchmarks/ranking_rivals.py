"""The rivals of the ranking benchmark: scikit-learn's models, and what needs none.

Each learns one model a task from the training rows and predicts the test rows. Settings that
matter are chosen on a tenth of the training rows; the model then learns from all of them.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ranking_matrices import codes, one_hot
from ranking_table import Kind, RankingData

Vector = NDArray[np.float64]
VALIDATION_SHARE = 0.1
LEARNING_RATE = 0.1
BIAS_SWEEPS = 20
BIAS_REGULARISATION = 5.0
"""Ratings of the mean that each user and each item is given to begin with."""


@dataclass(frozen=True)
class Outcome:
    """What a contestant says about the test rows.

    Attributes:
        predictions: probabilities of 1, or ratings, float64 [N] by task.
        seconds: from the tables to the predictions, of all tasks.
    """

    predictions: Mapping[str, Vector]
    seconds: float


Rival = Callable[[RankingData, int], Outcome]
"""From the data and a seed to the predictions."""
Predict = Callable[[RankingData, str, int], Vector]
"""The same of one task."""


def rival(predict: Predict) -> Rival:
    """One model a task, with the time that all take."""

    def outcome(data: RankingData, seed: int) -> Outcome:
        start = time.perf_counter()
        predictions = {task: predict(data, task, seed) for task in data.train.labels}
        return Outcome(predictions, time.perf_counter() - start)

    return outcome


def logistic(data: RankingData, task: str, seed: int) -> Vector:
    """Logistic regression on one-hot texts and standardised numbers."""
    from sklearn.linear_model import LogisticRegression

    train, test = one_hot(data.train, data.test)
    models = [LogisticRegression(C=c, max_iter=2000) for c in (0.1, 1.0)]
    return _predicted(_best(models, train, data.train.labels[task], seed), test)


def ridge(data: RankingData, task: str, seed: int) -> Vector:
    """Linear regression with an L2 penalty on the same columns."""
    from sklearn.linear_model import Ridge

    train, test = one_hot(data.train, data.test)
    models = [Ridge(alpha, solver="sparse_cg", tol=1e-5) for alpha in (2.0, 5.0, 10.0)]
    return _predicted(_best(models, train, data.train.labels[task], seed), test)


def boosted(data: RankingData, task: str, seed: int) -> Vector:
    """Gradient boosted trees by histograms, stopped early or not, whichever validates better."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    trees = {"binary": HistGradientBoostingClassifier, "rating": HistGradientBoostingRegressor}
    target = data.train.labels[task]
    matrices = codes(data.train, data.test, target, seed)
    lengths: list[dict[str, Any]] = [
        {"max_iter": 200, "early_stopping": False},
        {"max_iter": 1000, "early_stopping": True, "n_iter_no_change": 20},
    ]
    models = [
        trees[data.kind](
            learning_rate=LEARNING_RATE,
            categorical_features=matrices.categorical,
            random_state=seed,
            **length,
        )
        for length in lengths
    ]
    return _predicted(_best(models, matrices.train, target, seed), matrices.test)


def _best(models: Sequence[Any], x: Any, y: Vector, seed: int) -> Any:
    """The model with the least squared error on held-out rows, fitted on all of them."""
    from sklearn.base import clone
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(y))
    kept, held = train_test_split(rows, test_size=VALIDATION_SHARE, random_state=seed)
    tried = (clone(model).fit(x[kept], y[kept]) for model in models)
    errors = [np.mean((_predicted(model, x[held]) - y[held]) ** 2) for model in tried]
    return models[int(np.argmin(errors))].fit(x, y)


def _predicted(model: Any, x: Any) -> Vector:
    """Probabilities of 1 of a classifier, else the numbers."""
    from sklearn.base import is_classifier

    found: Vector = model.predict_proba(x)[:, 1] if is_classifier(model) else model.predict(x)
    return found


def mean(data: RankingData, task: str, seed: int) -> Vector:  # noqa: ARG001 - nothing is drawn
    """The mean of the training labels."""
    return np.full(len(data.test), data.train.labels[task].mean())


def biases(data: RankingData, task: str, seed: int) -> Vector:  # noqa: ARG001 - nothing is drawn
    """The mean and what user and item add to it, in turns; 0 for those without a rating."""
    target = data.train.labels[task]
    centre = target.mean()
    (user, users, asked_user), (item, items, asked_item) = (
        _numbered(data, name) for name in ("user_id", "item_id")
    )
    of_user, of_item = np.zeros(users), np.zeros(items)
    for _ in range(BIAS_SWEEPS):
        of_item = _shrunk_means(item, target - centre - of_user[user], items)
        of_user = _shrunk_means(user, target - centre - of_item[item], users)
    found: Vector = centre + of_user[asked_user] + of_item[asked_item]
    return found


def _numbered(data: RankingData, name: str) -> tuple[NDArray[Any], int, NDArray[Any]]:
    """Numbers of the training rows' ids, how many there are, and numbers of the test rows'."""
    both = np.concatenate([data.train.columns[name], data.test.columns[name]])
    ids, numbers = np.unique(both, return_inverse=True)
    return numbers[: len(data.train)], len(ids), numbers[len(data.train) :]


def _shrunk_means(group: NDArray[Any], value: Vector, groups: int) -> Vector:
    counts = np.bincount(group, minlength=groups)
    found: Vector = np.bincount(group, value, groups) / (counts + BIAS_REGULARISATION)
    return found


RIVALS: Mapping[Kind, Mapping[str, Rival]] = {
    "binary": {"logistic": rival(logistic), "boosted_trees": rival(boosted)},
    "rating": {
        "mean": rival(mean),
        "biases": rival(biases),
        "ridge": rival(ridge),
        "boosted_trees": rival(boosted),
    },
}
